package focus

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// The formats of the data dictionary.
const (
	FormatTable    = "table"    // for a terminal
	FormatMarkdown = "markdown" // for a README or a wiki
	FormatJSON     = "json"     // the columns as they are, an array
)

// WriteDictionary writes the data dictionary of the given columns in their order: what each is called, what it holds, in
// which unit and since which version. The table is at most about 120 characters wide. An unknown format is an error.
func WriteDictionary(w io.Writer, format string, cols []Column) error {
	switch format {
	case FormatJSON:
		if cols == nil {
			cols = []Column{}
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(cols)
	case FormatTable, FormatMarkdown:
	default:
		return fmt.Errorf("data dictionary: format %q, expected %s, %s or %s", format, FormatTable, FormatMarkdown, FormatJSON)
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"Column", "Type", "FOCUS", "Meaning"})
	for _, c := range cols {
		t.AppendRow(table.Row{c.Name, c.kind(), c.versions(), c.full()})
	}
	if format == FormatMarkdown {
		_, err := fmt.Fprintln(w, t.RenderMarkdown())
		return err
	}
	t.SetStyle(table.StyleLight)
	style := t.Style()
	style.Format.Header = text.FormatDefault
	style.Options = table.Options{SeparateHeader: true}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 4, WidthMax: 62, WidthMaxEnforcer: text.WrapSoft}})
	// Wrapping pads cells to the column's width; a terminal has no use for blanks at the end of lines.
	for line := range strings.SplitSeq(t.Render(), "\n") {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " ")); err != nil {
			return err
		}
	}
	return nil
}

// kind is the type with what limits it: "String, null".
func (c Column) kind() string {
	if c.Nullable {
		return string(c.Type) + ", null"
	}
	return string(c.Type)
}

// versions says which FOCUS versions have the column: "1.2", "1.2+" once it is current, "1.0-1.3" once it is gone.
func (c Column) versions() string {
	switch {
	case c.Own:
		return "ours"
	case c.Until == "":
		return c.Since + "+"
	case c.Until == c.Since:
		return c.Since
	default:
		return c.Since + "-" + c.Until
	}
}

// full is the meaning with the unit, the values and the older names that go with it.
func (c Column) full() string {
	s := c.Meaning
	if c.Unit != "" {
		s += " Unit: " + c.Unit + "."
	}
	// The long lists (categories, subcategories) are for programs: JSON has them.
	switch n := len(c.Allowed); {
	case n > 8:
		s += fmt.Sprintf(" One of %d values.", n)
	case n > 1:
		s += " One of " + strings.Join(c.Allowed, ", ") + "."
	}
	if len(c.Replaces) > 0 {
		s += " Takes in " + strings.Join(c.Replaces, ", ") + "."
	}
	return s
}
