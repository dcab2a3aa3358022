package focus

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestWriteDictionary(t *testing.T) {
	for format, name := range map[string]string{FormatTable: "dictionary.txt", FormatMarkdown: "dictionary.md", FormatJSON: "dictionary.json"} {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			if err := WriteDictionary(&b, format, Columns()); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("%s (-golden +got), -update rewrites it:\n%s", golden, diff)
			}
		})
	}
}

func TestTableFitsATerminal(t *testing.T) {
	var b bytes.Buffer
	if err := WriteDictionary(&b, FormatTable, Columns()); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		if n := utf8.RuneCountInString(line); n > 130 {
			t.Errorf("%d characters wide: %s", n, line)
		}
	}
}

func TestDictionaryAsJSONReadsBack(t *testing.T) {
	var b bytes.Buffer
	if err := WriteDictionary(&b, FormatJSON, Columns()); err != nil {
		t.Fatal(err)
	}
	var got []Column
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Columns(), got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	b.Reset()
	if err := WriteDictionary(&b, FormatJSON, nil); err != nil || b.String() != "[]\n" {
		t.Errorf("no columns are written as %q (%v), want []", b.String(), err)
	}
}

func TestWriteDictionaryErrors(t *testing.T) {
	if err := WriteDictionary(&bytes.Buffer{}, "xml", nil); err == nil || !strings.Contains(err.Error(), `"xml"`) {
		t.Errorf("format xml: error %v", err)
	}
	for _, format := range []string{FormatTable, FormatMarkdown, FormatJSON} {
		if err := WriteDictionary(full{}, format, Columns()); !errors.Is(err, errFull) {
			t.Errorf("%s to a full disk: error %v", format, err)
		}
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
