package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spendbot/analysis"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGoldens(t *testing.T) {
	for name, a := range cases() {
		for _, w := range []int{120, 80, 48} {
			golden(t, fmt.Sprintf("%s.%d.txt", name, w), func(out io.Writer) error { return Terminal(out, a, Options{Width: w}) })
		}
		golden(t, name+".md", func(out io.Writer) error { return Markdown(out, a) })
		golden(t, name+".json", func(out io.Writer) error { return JSON(out, a) })
		golden(t, name+".csv", func(out io.Writer) error { return CSV(out, a) })
	}
	golden(t, "rise.color.txt", func(out io.Writer) error { return Terminal(out, rise(), Options{Width: 120, Color: true}) })
}

func golden(t *testing.T, file string, write func(io.Writer) error) {
	t.Helper()
	t.Run(file, func(t *testing.T) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v (run the test with -update)", err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", path, diff)
		}
	})
}

// Whatever the width, no line is wider, nothing is lost of a figure, and no control character comes through.
func TestTerminalFitsEveryWidth(t *testing.T) {
	for name, a := range cases() {
		for w := minWidth; w <= 130; w++ {
			var b strings.Builder
			if err := Terminal(&b, a, Options{Width: w}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				line = strings.TrimSuffix(line, "\n")
				if width(line) > w {
					t.Errorf("%s at %d: %d columns: %q", name, w, width(line), line)
				}
				if strings.ContainsAny(line, "\x1b\r\x07") {
					t.Errorf("%s at %d: control character in %q", name, w, line)
				}
			}
			for _, p := range a.Parts {
				if p.Bridge == nil {
					continue
				}
				v := viewBridge(p.Bridge, a)
				for _, r := range append(v.drivers, v.rest, v.total) {
					if !strings.Contains(b.String(), r.amount) || !strings.Contains(b.String(), r.share) {
						t.Errorf("%s at %d: %s or %s is not there whole", name, w, r.amount, r.share)
					}
				}
			}
		}
	}
}

func TestColourChangesNothingButColour(t *testing.T) {
	strip := strings.NewReplacer(sgr[bold], "", sgr[dim], "", sgr[up], "", sgr[down], "", "\x1b[0m", "")
	for name, a := range cases() {
		var with, without strings.Builder
		if err := Terminal(&with, a, Options{Width: 80, Color: true}); err != nil {
			t.Fatal(err)
		}
		if err := Terminal(&without, a, Options{Width: 80}); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for line := range strings.Lines(strip.Replace(with.String())) {
			lines = append(lines, strings.TrimRight(line, " \n")+"\n")
		}
		if diff := cmp.Diff(without.String(), strings.Join(lines, "")); diff != "" {
			t.Errorf("%s (-plain +coloured):\n%s", name, diff)
		}
	}
}

// The JSON promises: no null where an array is promised, amounts as strings, snapshots as strings.
func TestJSONKeepsItsShape(t *testing.T) {
	for name, a := range map[string]*analysis.Answer{"empty": {}, "rise": rise(), "clarify": clarification(), "compare": compared()} {
		var b bytes.Buffer
		if err := JSON(&b, a); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"effects", "drivers", "rows", "columns", "text", "caveats", "actions", "further_tables",
			"reading.filters", "reading.group_by", "reading.notes", "reading.declined", "reading.windows", "trace.queries"} {
			var v any = got
			for key := range strings.SplitSeq(path, ".") {
				v = v.(map[string]any)[key]
			}
			if _, ok := v.([]any); !ok {
				t.Errorf("%s: %s is %T, want an array", name, path, v)
			}
		}
		if _, ok := got["trace"].(map[string]any)["snapshot"].(string); !ok {
			t.Errorf("%s: the snapshot is no string", name)
		}
		if name == "compare" {
			want := map[string]any{"current": "360.005", "baseline": "255.005", "delta": "105", "currency": "USD"}
			if diff := cmp.Diff(want, got["change"]); diff != "" {
				t.Errorf("change of a comparison without a bridge: %s", diff)
			}
		}
		if name == "rise" {
			first := got["drivers"].([]any)[0].(map[string]any)
			if first["amount"] != "11404.31" || first["onset"] != "2026-11-18" {
				t.Errorf("driver: amount %v, onset %v", first["amount"], first["onset"])
			}
			if got["complete_through"] != "2026-11-21" {
				t.Errorf("complete_through %v, want the earliest provider's", got["complete_through"])
			}
		}
	}
}
