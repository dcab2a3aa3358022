package allocation_test

import (
	"strings"
	"testing"

	"spendbot/analysis/allocation"
)

func TestReadMetrics(t *testing.T) {
	got, err := allocation.ReadMetrics("m.csv", strings.NewReader("\ufefftarget,Date,value,metric\r\npayments,2026-10,12.5,requests\r\n\"a, b\",2026-10-05,-3,requests\r\n"))
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if f := got[0]; !f.Monthly || f.Day != october || f.Target != "payments" || f.Value.String() != "12.5" {
		t.Errorf("%+v", f)
	}
	if f := got[1]; f.Monthly || f.Day.Day() != 5 || f.Target != "a, b" || f.Value.String() != "-3" {
		t.Errorf("%+v", f)
	}
	const header = "date,target,metric,value\n"
	for _, c := range []struct{ file, want string }{
		{"", "m.csv is empty"},
		{"date,target,metric\n", `m.csv: line 1: there is no column "value"`},
		{"date,target,metric,value,note\n", `line 1, column 5: "note" is not one of`},
		{"date,date,metric,value\n", `line 1, column 2: "date" stands twice`},
		{header + "2026-10,a,m\n", "line 2 has 3 fields, the header has 4"},
		{header + "10/2026,a,m,1\n", `line 2, column 1 (date): "10/2026" is neither a day`},
		{header + "2026-10,,m,1\n", "line 2, column 2 (target): it is empty"},
		{header + "2026-10,a," + strings.Repeat("m", 201) + ",1\n", "line 2, column 3 (metric): it is empty or longer"},
		{header + "2026-10,a,m,\"12,40\"\n", `line 2, column 4 (value): "12,40" is not a number`},
		{header + "2026-10,a,m,1e9\n", `"1e9" is not a number`},
		{header + "2026-10,a,m,0.1234567890123456789\n", "is not a number"},
		{header + "2026-10,a,m,1\n2026-11,a,m,1\n2026-10,a,m,2\n", `m.csv: line 4 gives m of "a" on 2026-10 again, after line 2`},
		{header + "2026-10,\"a,m,1\n", "m.csv: parse error on line 2"},
	} {
		if _, err := allocation.ReadMetrics("m.csv", strings.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q\n got %v\nwant %s", c.file, err, c.want)
		}
	}
}

func FuzzReadMetrics(f *testing.F) {
	f.Add("date,target,metric,value\n2026-10,a,m,1\n2026-10-05,\"b \"\"c\"\"\",m,-0.5\n")
	f.Add("value,metric,target,date\r\n1,m,=cmd,2026-10\r\n")
	f.Fuzz(func(t *testing.T, file string) {
		got, err := allocation.ReadMetrics("m.csv", strings.NewReader(file))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "m.csv") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		for _, x := range got {
			if x.Target == "" || x.Metric == "" || x.Day.IsZero() || x.Monthly && x.Day.Day() != 1 {
				t.Errorf("%+v", x)
			}
		}
	})
}
