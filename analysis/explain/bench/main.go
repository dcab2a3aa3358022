// Command bench runs the attribution over benchmark cases and writes its predictions, one JSON object a line.
//
//	go run ./analysis/explain/bench -cases DIR -out predictions.jsonl
//
// DIR is a family of cases or a folder of families. A family with ID.csv.gz files (dimensions, real, predict) is searched
// by relative change; a family with ID/lines.csv.gz (daily charge lines) and ID/truth.json goes through the product's own
// path, and of truth.json only the two periods are read.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	cases := fs.String("cases", "", "folder with one family of cases, or with several")
	out := fs.String("out", "predictions.jsonl", "where the predictions go")
	if err := fs.Parse(args); err != nil {
		return 2
	}
	if *cases == "" {
		fmt.Fprintln(stderr, "bench: -cases DIR is needed")
		return 2
	}
	if err := predictAll(*cases, *out, stderr); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// prediction is one line of the output.
type prediction struct {
	Family     string   `json:"family"`
	ID         string   `json:"id"`
	RootCauses []string `json:"root_causes"`
	Seconds    float64  `json:"seconds"`
	Events     []event  `json:"events,omitzero"` // of line cases only, there also when empty
	Additive   *bool    `json:"additive,omitempty"`
}

// event is a driver as the benchmark knows it.
type event struct {
	Slice  map[string]string `json:"slice"`
	Effect analysis.Effect   `json:"effect"`
	Amount decimal.Decimal   `json:"amount"`
	Onset  *string           `json:"onset"`
}

func predictAll(dir, out string, stderr io.Writer) (err error) {
	families, err := findFamilies(dir)
	if err != nil {
		return err
	}
	if len(families) == 0 {
		return fmt.Errorf("%s holds no cases: expected ID.csv.gz or ID/lines.csv.gz in it or in its folders", dir)
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, fam := range families {
		var total float64
		for _, c := range fam.cases {
			p, err := c.predict()
			if err != nil {
				return fmt.Errorf("%s/%s: %w", fam.name, c.id, err)
			}
			p.Family, p.ID = fam.name, c.id
			total += p.Seconds
			if err := enc.Encode(p); err != nil {
				return err
			}
		}
		fmt.Fprintf(stderr, "%s: %d cases, %.3f s each\n", fam.name, len(fam.cases), total/float64(len(fam.cases)))
	}
	return w.Flush()
}

// family is a folder of cases.
type family struct {
	name  string
	cases []benchCase
}

// benchCase is a table of values (flat) or a folder with lines.
type benchCase struct {
	id   string
	path string
	flat bool
}

func (c benchCase) predict() (prediction, error) {
	if c.flat {
		return predictFlat(c.path)
	}
	return predictLines(c.path)
}

// findFamilies looks for cases in dir and, when there are none, in the folders of dir.
func findFamilies(dir string) ([]family, error) {
	// The folder's own name is the family's, also when it is given as "." or through a link's other name.
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	cases, err := findCases(abs)
	if err != nil {
		return nil, err
	}
	if len(cases) > 0 {
		return []family{{filepath.Base(abs), cases}}, nil
	}
	subs, err := os.ReadDir(abs)
	if err != nil {
		return nil, err
	}
	var out []family
	for _, s := range subs {
		p := filepath.Join(abs, s.Name())
		if st, err := os.Stat(p); err != nil || !st.IsDir() {
			continue
		}
		cases, err := findCases(p)
		if err != nil {
			return nil, err
		}
		if len(cases) > 0 {
			out = append(out, family{s.Name(), cases})
		}
	}
	return out, nil
}

func findCases(dir string) ([]benchCase, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []benchCase
	for _, e := range entries {
		p := filepath.Join(dir, e.Name())
		if id, ok := strings.CutSuffix(e.Name(), ".csv.gz"); ok {
			out = append(out, benchCase{id, p, true})
		} else if _, err := os.Stat(filepath.Join(p, linesFile)); err == nil {
			out = append(out, benchCase{e.Name(), p, false})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out, nil
}

// since is the seconds from start, to the microsecond.
func since(start time.Time) float64 { return float64(time.Since(start).Microseconds()) / 1e6 }
