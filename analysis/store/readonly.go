package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// DuckDB shuts a connection off from files and settings, but some table functions do more than read (enable_logging opens a
// file and leaves the connection in ruins). So a query's parse tree, which DuckDB itself writes as JSON, must name no
// tables but the snapshot's and no table functions but these.
var tableFunctions = []string{"unnest", "range", "generate_series", "json_each"}

// treeSQL is the parse tree of a query.
const treeSQL = "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR), skip_null := true, skip_empty := true) AS VARCHAR)"

var errNotSelect = errors.New("only a single SELECT may run on the query connection")

// onlyReads checks the parse tree of a query, as json_serialize_sql writes it.
func onlyReads(tree string) error {
	var doc struct {
		Error      bool `json:"error"`
		Statements []any
	}
	if err := json.Unmarshal([]byte(tree), &doc); err != nil {
		return fmt.Errorf("parse tree: %w", err)
	}
	if doc.Error || len(doc.Statements) != 1 {
		return errNotSelect
	}
	known := []string{tableDaily, tableCharges, tableFocus, tableFocusData}
	walk(doc.Statements[0], func(node map[string]any) error {
		ctes, _ := node["cte_map"].(map[string]any)
		list, _ := ctes["map"].([]any)
		for _, e := range list {
			entry, _ := e.(map[string]any)
			known = append(known, strings.ToLower(word(entry, "key")))
		}
		return nil
	})
	return walk(doc.Statements[0], func(node map[string]any) error {
		switch node["type"] {
		case "TABLE_FUNCTION":
			f, _ := node["function"].(map[string]any)
			if name := word(f, "function_name"); !slices.Contains(tableFunctions, strings.ToLower(name)) {
				return fmt.Errorf("the table function %s may not run on the query connection", name)
			}
		case "BASE_TABLE":
			name := word(node, "table_name")
			if word(node, "schema_name") != "" || word(node, "catalog_name") != "" || !slices.Contains(known, strings.ToLower(name)) {
				return fmt.Errorf("%s is not a table of the snapshot: there are %s, %s, %s and %s", name, tableDaily, tableCharges, tableFocus, tableFocusData)
			}
		}
		return nil
	})
}

func word(node map[string]any, key string) string {
	s, _ := node[key].(string)
	return s
}

// walk visits every object of a JSON value.
func walk(v any, visit func(map[string]any) error) error {
	switch v := v.(type) {
	case map[string]any:
		if err := visit(v); err != nil {
			return err
		}
		for _, c := range v {
			if err := walk(c, visit); err != nil {
				return err
			}
		}
	case []any:
		for _, c := range v {
			if err := walk(c, visit); err != nil {
				return err
			}
		}
	}
	return nil
}
