package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

// manifest is what a provider says an export consists of.
type manifest struct {
	kind    string    // "AWS Cost and Usage Report", "AWS Data Export", "Azure export"
	version string    // of the delivery: assembly, execution, run
	made    time.Time // when, where the manifest says so
	files   []named
	half    half // of Azure's exports of costs
}

// named is a file as a manifest names it.
type named struct {
	key  string // as it is written there
	size int64  // bytes; -1 where the manifest does not say
}

// errOther says that a JSON file describes something else than an export's files.
var errOther = errors.New("it names no export's files")

// Bounds of a manifest: real ones have some hundred files and columns.
const (
	maxManifest      = 16 << 20 // bytes
	maxManifestFiles = 100_000
)

// parseManifest reads a manifest of any provider, known by what it holds:
//
//   - AWS Cost and Usage Report: assemblyId, reportKeys, billingPeriod
//     (docs.aws.amazon.com/cur/latest/userguide/understanding-report-versions.html)
//   - AWS Data Exports, CUR 2.0 and FOCUS: dataFiles, executionId
//   - Azure Cost Management exports, FOCUS among them: blobs with byteCount, runInfo
//     (learn.microsoft.com/azure/cost-management-billing/costs/tutorial-improved-exports)
func parseManifest(b []byte) (*manifest, error) {
	if len(b) > maxManifest {
		return nil, fmt.Errorf("it is larger than %d MB", maxManifest>>20)
	}
	var is map[string]json.RawMessage
	if err := json.Unmarshal(b, &is); err != nil {
		if json.Valid(b) {
			return nil, errOther
		}
		return nil, errors.New("it is not JSON, or ends in the middle")
	}
	if !utf8.Valid(b) {
		return nil, errors.New("it is not UTF-8")
	}
	var m *manifest
	var err error
	switch {
	case is["reportKeys"] != nil:
		m, err = parseReport(b)
	case is["dataFiles"] != nil:
		m, err = parseDataExport(b)
	case is["blobs"] != nil && (is["runInfo"] != nil || is["exportConfig"] != nil):
		m, err = parseAzure(b)
	default:
		return nil, errOther
	}
	if err != nil {
		return nil, err
	}
	switch {
	case len(m.files) == 0:
		return nil, errors.New("it names no files")
	case len(m.files) > maxManifestFiles:
		return nil, fmt.Errorf("it names %d files, more than %d", len(m.files), maxManifestFiles)
	}
	seen := map[string]bool{}
	for _, f := range m.files {
		if seen[f.key] {
			return nil, fmt.Errorf("it names %q twice", f.key)
		}
		seen[f.key] = true
	}
	return m, nil
}

func parseReport(b []byte) (*manifest, error) {
	var j struct {
		AssemblyID string   `json:"assemblyId"`
		ReportKeys []string `json:"reportKeys"`
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, fmt.Errorf("it is no report's manifest: %s", jsonProblem(err))
	}
	return &manifest{kind: "AWS Cost and Usage Report", version: j.AssemblyID, files: unsized(j.ReportKeys)}, nil
}

func parseDataExport(b []byte) (*manifest, error) {
	var j struct {
		AssemblyID  string   `json:"assemblyId"`
		ExecutionID string   `json:"executionId"`
		DataFiles   []string `json:"dataFiles"`
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, fmt.Errorf("it is no data export's manifest: %s", jsonProblem(err))
	}
	if j.ExecutionID == "" {
		j.ExecutionID = j.AssemblyID
	}
	return &manifest{kind: "AWS Data Export", version: j.ExecutionID, files: unsized(j.DataFiles)}, nil
}

func parseAzure(b []byte) (*manifest, error) {
	var j struct {
		Config struct {
			Type     string `json:"type"`
			Resource string `json:"resourceId"`
		} `json:"exportConfig"`
		RunInfo struct {
			RunID     string `json:"runId"`
			Submitted string `json:"submittedTime"`
			Start     string `json:"startDate"`
		} `json:"runInfo"`
		Blobs []struct {
			Name  string `json:"blobName"`
			Bytes *int64 `json:"byteCount"`
		} `json:"blobs"`
	}
	if err := json.Unmarshal(b, &j); err != nil {
		return nil, fmt.Errorf("it is no export's manifest: %s", jsonProblem(err))
	}
	m := &manifest{kind: "Azure export", version: j.RunInfo.RunID, half: halfOf(j.Config.Resource, j.Config.Type, j.RunInfo.Start)}
	for _, l := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.9999999"} {
		if t, err := time.Parse(l, j.RunInfo.Submitted); err == nil {
			m.made = t.UTC()
			break
		}
	}
	for _, f := range j.Blobs {
		n := named{key: f.Name, size: -1}
		if f.Bytes != nil {
			n.size = *f.Bytes
		}
		m.files = append(m.files, n)
	}
	return m, nil
}

// jsonProblem is a decoder's complaint without the value it complains about.
func jsonProblem(err error) string {
	if e := (*json.UnmarshalTypeError)(nil); errors.As(err, &e) {
		return fmt.Sprintf("%q is a JSON %s", e.Field, strings.SplitN(e.Value, " ", 2)[0])
	}
	return "its JSON is damaged"
}

func unsized(keys []string) []named {
	out := make([]named, len(keys))
	for i, k := range keys {
		out[i] = named{k, -1}
	}
	return out
}

// resolve finds the file that a manifest names, below the source's address. Nothing but what was listed below it can be
// named: keys that are absolute, climb up or lie elsewhere are refused. prefix is the address's own folder in its bucket;
// of a folder on this machine it is not known (nearby), and the longest end of the key that is there is taken, as a copy made
// by `aws s3 sync` needs. When the key is fine and the file is not there, ok is false.
func resolve(raw, prefix string, nearby bool, have map[string]Object) (key string, ok bool, err error) {
	key = raw
	if scheme, rest, is := strings.Cut(raw, "://"); is {
		// The bucket's name may be another where exports are replicated; the key is looked up here in any case.
		_, k, hasKey := strings.Cut(rest, "/")
		if scheme != "s3" && scheme != "gs" || !hasKey {
			return "", false, fmt.Errorf("names %q, which is no key of this bucket", raw)
		}
		key = k
	}
	switch {
	case key == "" || strings.HasPrefix(key, "/"):
		return "", false, fmt.Errorf("names %q, an absolute key", raw)
	case !plainKey(key):
		return "", false, fmt.Errorf("names %q, which is no plain key below it", raw)
	}
	if !nearby {
		rel, below := strings.CutPrefix(key, prefix)
		if !below {
			return "", false, fmt.Errorf("names %q, which lies outside of this source; use its folder, %q", raw, path.Dir(key))
		}
		_, ok = have[rel]
		return rel, ok, nil
	}
	for rest := key; ; {
		if _, ok := have[rest]; ok {
			return rest, true, nil
		}
		_, after, more := strings.Cut(rest, "/")
		if !more {
			return key, false, nil
		}
		rest = after
	}
}

// plainKey reports whether a key can be a path below a folder of ours as it is.
func plainKey(key string) bool {
	if key == "" || len(key) > 1024 || !utf8.ValidString(key) || strings.ContainsAny(key, "\\\x00") {
		return false
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || strings.HasPrefix(part, ".") || len(part) > 200 || strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return false
		}
	}
	return true
}
