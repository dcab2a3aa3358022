package ingest

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"spendbot/analysis/focus"
	"spendbot/analysis/store"
)

//go:embed rollup.sql
var rollupSQL string

//go:embed tags.sql
var tagsSQL string

// MaxTagValues is how many different values a tag key may have in one load and still be a dimension. Names and ids that
// differ per resource stay with the line items only, where they do not multiply the rollup.
const MaxTagValues = 2000

// mapTags prepares the load's tag map and returns the keys that are no dimensions.
func mapTags(ctx context.Context, w *store.Writer, files []string) (left []string, err error) {
	text0 := strings.NewReplacer("{files}", fileList(files), "{most}", fmt.Sprint(MaxTagValues)).Replace(tagsSQL)
	for _, stmt := range strings.Split(text0, ";\n") {
		if strings.TrimSpace(stmt) == "" {
			continue
		}
		if err := w.Exec(ctx, stmt); err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
	}
	rows, err := w.Query(ctx, "SELECT k FROM tag_keys WHERE n > ? ORDER BY k", int64(MaxTagValues))
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	for _, r := range rows.Values {
		left = append(left, text(r[0]))
	}
	return left, nil
}

// rollup writes the daily rows of line-item files that share partitions. empty tells which columns have no value in any row.
func rollup(ctx context.Context, w *store.Writer, n int, files []string, parts []store.Partition, empty func(column string) bool) ([]string, error) {
	same, err := constants(ctx, w, files)
	if err != nil {
		return nil, err
	}
	var keys, measures []string
	for _, k := range store.DailyKeys() {
		switch k.Name {
		case "Tags":
			keys = append(keys, "m.tags AS Tags")
		case "ChargeDescription":
			keys = append(keys, "CASE WHEN c.ChargeCategory = 'Usage' AND c.ChargeClass IS NULL THEN NULL ELSE c.ChargeDescription END AS ChargeDescription")
		default:
			if empty(k.Name) { // grouping by nothing takes time too
				keys = append(keys, fmt.Sprintf("CAST(NULL AS %s) AS %s", k.SQLType(), ident(k.Name)))
				continue
			}
			if v, ok := same[k.Name]; ok && k.Type == focus.String {
				keys = append(keys, fmt.Sprintf("CAST(%s AS %s) AS %s", store.QuoteLiteral(v), k.SQLType(), ident(k.Name)))
				continue
			}
			keys = append(keys, "c."+ident(k.Name))
		}
	}
	for _, m := range store.DailyMeasures() {
		if empty(m) && !slices.Contains(costs[:], m) {
			measures = append(measures, fmt.Sprintf("CAST(NULL AS %s) AS %s", store.Column{Name: m, Type: focus.Decimal}.SQLType(), ident(m)))
			continue
		}
		measures = append(measures, fmt.Sprintf("sum(c.%s) AS %s", ident(m), ident(m)))
	}
	sel := strings.NewReplacer("{keys}", strings.Join(keys, ", "), "{measures}", strings.Join(measures, ", "), "{square}", store.SquareSQL("sum(c.EffectiveCost)"),
		"{files}", fileList(files)).Replace(rollupSQL)
	if len(parts) == 1 {
		sel += " ORDER BY ChargeDate"
	}
	return copyOut(ctx, w, sel, filepath.Join(w.Staging(), fmt.Sprintf("daily-%d", n)), len(parts))
}

// constants are the columns that have the same value in every row of the files, with the value, as the bounds in the files'
// own metadata tell.
func constants(ctx context.Context, w *store.Writer, files []string) (map[string]string, error) {
	rows, err := w.Query(ctx, fmt.Sprintf(`SELECT path_in_schema, min(stats_min_value) FROM parquet_metadata(%s) GROUP BY path_in_schema
HAVING min(stats_min_value) = max(stats_max_value) AND count(stats_min_value) = count(*) AND count(stats_max_value) = count(*)
  AND count(*) FILTER (WHERE stats_null_count = 0) = count(*)`, fileList(files)))
	if err != nil {
		return nil, fmt.Errorf("read the bounds of what was written: %w", err)
	}
	out := map[string]string{}
	for _, r := range rows.Values {
		if v := text(r[1]); !strings.ContainsRune(v, 0) { // which SQL text cannot hold
			out[text(r[0])] = v
		}
	}
	return out, nil
}

// together groups files that share a partition, so that a partition's parts are rolled up as one.
func together(parts []*part, files [][]string) (groups [][]string, partitions [][]store.Partition) {
	type set struct {
		files []string
		parts []store.Partition
	}
	var sets []*set
	for i, p := range parts {
		s := &set{files: files[i], parts: partitionsOf(p.groups)}
		var rest []*set
		for _, o := range sets {
			if slices.ContainsFunc(o.parts, func(q store.Partition) bool { return slices.Contains(s.parts, q) }) {
				s.files = append(slices.Clone(o.files), s.files...)
				for _, q := range o.parts {
					if !slices.Contains(s.parts, q) {
						s.parts = append(s.parts, q)
					}
				}
				continue
			}
			rest = append(rest, o)
		}
		sets = append(rest, s)
	}
	for _, s := range sets {
		groups, partitions = append(groups, s.files), append(partitions, s.parts)
	}
	return groups, partitions
}
