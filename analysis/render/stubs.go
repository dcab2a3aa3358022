package render

import (
	"errors"
	"io"

	"spendbot/analysis"
)

var errNotYet = errors.New("render: not built yet")

// Options say what the terminal can do.
type Options struct {
	Width int  // columns; 0 means 100
	Color bool // bold headline, rises red, falls green, small print dim
}

// Terminal writes the answer as aligned plain text that fits o.Width columns; below 60 columns rows are stacked.
func Terminal(w io.Writer, a *analysis.Answer, o Options) error { return errNotYet }

// Markdown writes the answer as GitHub-flavoured Markdown, for a ticket or a pull request.
func Markdown(w io.Writer, a *analysis.Answer) error { return errNotYet }

// JSON writes the answer as one indented object and a newline. Amounts are decimal strings, unrounded; days are
// "2006-01-02"; arrays are never null; snapshot ids are strings, because they do not fit a JavaScript number.
func JSON(w io.Writer, a *analysis.Answer) error { return errNotYet }

// Money writes an amount in whole units: "$18,412", "-€409", "CHF 1,234". An empty currency gives the bare number.
func Money(amount analysis.Amount, currency string) string { return "" }

// MoneyExact writes an amount to the currency's smallest unit: "$742,900.17", "¥1,234".
func MoneyExact(amount analysis.Amount, currency string) string { return "" }

// Delta is Money with a sign: "+$18,412", "-$409", "$0".
func Delta(amount analysis.Amount, currency string) string { return "" }

// Compact shortens an amount to about three digits: "$11.4k", "$1.2M", "$580".
func Compact(amount analysis.Amount, currency string) string { return "" }

// CompactDelta is Compact with a sign: "+$11.4k".
func CompactDelta(amount analysis.Amount, currency string) string { return "" }

// Percent writes a ratio: 0.079 is "7.9%".
func Percent(ratio analysis.Amount) string { return "" }

// PercentDelta is Percent with a sign: "+7.9%", "-15.0%".
func PercentDelta(ratio analysis.Amount) string { return "" }

// ChangeSentence says a change in one sentence: "Spend rose $18,412 (+7.9%) last week: $251,007, after $232,595 the week
// before." The labels name the periods as adverbs: "last week" and "the week before", "in October" and "in September".
func ChangeSentence(change analysis.Change, label, baselineLabel string) string { return "" }

// ChangeSentenceOf is ChangeSentence with its own subject: "Spend on Amazon EC2".
func ChangeSentenceOf(subject string, change analysis.Change, label, baselineLabel string) string {
	return ""
}

// OnsetText says since when: "Wed 18 Nov", "around 17-20 Nov", "from the first day", "monthly rows".
func OnsetText(o analysis.Onset) string { return "" }

// EffectWords is the plain name of an effect: "usage", "coverage", "new resources".
func EffectWords(e analysis.Effect) string { return string(e) }
