package desk

import (
	"time"

	"spendbot/analysis"
	"spendbot/analysis/ask"
	"spendbot/analysis/survey"
)

// exampleTag is the tag that examples are cut by: the one that most bills say who owns what with.
const exampleTag = "team"

// Examples are questions worth asking, made of what a survey holds: its largest service, account and team by name. Each reads
// without a question back. The first ones are the most useful; people are shown as many as there is room for.
func Examples(sv *survey.Survey, now time.Time) []string {
	v := &sv.Vocabulary
	reader := ask.NewReader(v, ask.Options{})
	month := analysis.MonthOf(analysis.MonthOf(now).Start.AddDate(0, 0, -1)).Start.Format("January")
	list := []string{"why did spend change last week?"}
	add := func(terms []ask.Term, before, after string) {
		for _, t := range terms {
			name := t.Name
			if name == "" {
				name = t.Value
			}
			if q := before + name + after; reads(reader, q, now) {
				list = append(list, q)
				return
			}
		}
	}
	add(top(v.Services), "why did ", " change in "+month+"?")
	add(top(v.Tags[exampleTag]), "", " team spend by account in "+month)
	list = append(list, "top 5 services this month")
	add(top(v.Accounts), "daily spend of ", " for the last two weeks")
	return append(list, "is yesterday complete?")
}

// mostTried bounds how many names are tried for one example: a name that reads in two ways is no example.
const mostTried = 8

func top(terms []ask.Term) []ask.Term { return terms[:min(len(terms), mostTried)] }

func reads(r *ask.Reader, q string, now time.Time) bool {
	p := r.Read(q, now, nil)
	return p.Intent != analysis.Ambiguous && p.Intent != analysis.OutOfScope && len(p.Filters) == 1
}
