package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"spendbot/analysis/focus"
)

func (a *app) columns() *cobra.Command {
	var asJSON, markdown bool
	c := &cobra.Command{
		Use:   "columns [NAME...]",
		Short: "Print the data dictionary: the FOCUS columns and ours",
		Example: `  spendbot columns
  spendbot columns EffectiveCost BilledCost`,
		Args: oneOf(cobra.ArbitraryArgs, "json", "markdown"),
		RunE: func(_ *cobra.Command, args []string) error {
			cols := focus.Columns()
			if len(args) > 0 {
				cols = cols[:0]
				for _, n := range args {
					col, ok := focus.Lookup(n)
					if !ok {
						return fmt.Errorf("no column %q; `spendbot columns` lists them%s", n, nearColumns(n))
					}
					cols = append(cols, col)
				}
			}
			format := "table"
			switch {
			case asJSON:
				format = "json"
			case markdown:
				format = "markdown"
			}
			return focus.WriteDictionary(a.stdout, format, cols)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	c.Flags().BoolVar(&markdown, "markdown", false, "print as Markdown")
	return c
}

// nearColumns names columns that contain what was typed.
func nearColumns(n string) string {
	var near []string
	for _, c := range focus.Columns() {
		if strings.Contains(strings.ToLower(c.Name), strings.ToLower(n)) && len(near) < 5 {
			near = append(near, c.Name)
		}
	}
	if len(near) == 0 {
		return ""
	}
	return " (near: " + strings.Join(near, ", ") + ")"
}
