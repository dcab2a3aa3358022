package blocks

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"github.com/slack-go/slack"

	"spendbot/analysis"
	"spendbot/analysis/event"
	"spendbot/analysis/render"
	"spendbot/bot/slack/blockkit"
)

// The budgets of the modal. Slack bounds a view's JSON, not its text; these keep it far below, and readable.
const (
	maxQueries   = 20
	maxQuerySQL  = 2800  // characters of one query
	maxModalSQL  = 24000 // of all queries
	maxParamLine = 1500
	maxParam     = 120
)

// Rerun is a query of an answer run again on the same snapshot.
type Rerun struct {
	Name   string
	Equal  bool // the same rows as then
	Rows   int
	SHA256 string
	MS     float64
}

// withheld stands in the place of a query that reads more than the scope of its answer.
const withheld = "This query reads more than your scope, and its text may name others: whoever may ask about all spend can see it and run it again."

// SQL is the modal that shows how an answer was made: how the question was read, and each query with its rows, time, hash, SQL
// and parameters. reran are the queries run again, in the same order; nil where they were not. long reports that not all of it
// found room, or that it is much to read in a window: [SQLFile] has all of it.
func SQL(a *analysis.Answer, reran []Rerun) (view slack.ModalViewRequest, long bool) {
	valid := answerID.MatchString(a.ID)
	title := "How it was made"
	if t := "How " + a.ID + " was made"; valid && utf8.RuneCountInString(t) <= blockkit.MaxViewTitle {
		title = t
	}
	blocks := []slack.Block{section(clipLines(withoutEmpty(append([]string{
		asked(a), strong("Read as") + ": " + prose(render.ReadingWords(a), 900)}, notes(a)...)), 2800))}
	if v := verdict(a, reran); v != "" {
		blocks = append(blocks, section(v))
	}
	left := maxModalSQL
	for i, q := range a.Trace.Queries {
		if i == maxQueries || left <= 0 {
			long = true
			blocks = append(blocks, contextOf(counted(len(a.Trace.Queries)-i, "more query is", "more queries are")+" in the file."))
			break
		}
		if q.Withheld(a.Reading.Scope) {
			blocks = append(blocks, section(queryHead(i, q, reran)), contextOf(withheld))
			continue
		}
		text := render.CleanLines(strings.TrimSpace(q.Shown(a.Reading.Scope)))
		shown := cutLines(text, min(maxQuerySQL, left))
		left -= utf8.RuneCountInString(shown)
		if shown == "" {
			shown = "(no text)"
		}
		blocks = append(blocks, section(queryHead(i, q, reran)), preformatted(shown))
		var small []string
		if n := utf8.RuneCountInString(text) - utf8.RuneCountInString(shown); text != "" && n > 0 {
			long = true
			small = append(small, counted(n, "more character", "more characters")+" of this query: the file has all of it")
		}
		if params, all := paramLine(q.Params); params != "" {
			long = long || !all
			small = append(small, params)
		}
		if len(small) > 0 {
			blocks = append(blocks, contextOf(strings.Join(small, "\n")))
		}
	}
	if lines := eventLines(a, maxEventLines); len(lines) > 0 {
		for i, l := range lines {
			lines[i] = esc(l, 250)
		}
		blocks = append(blocks, contextOf(clipLines(lines, maxSmall)))
	}
	blocks = append(blocks, contextOf(evidence(a)))
	view = slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: string(PressSQL), Blocks: slack.Blocks{BlockSet: blocks},
		Title: plainText(title, blockkit.MaxViewTitle), Close: plainText("Close", blockkit.MaxViewTitle),
	}
	if valid {
		view.PrivateMetadata = a.ID
	}
	return view, long || maxModalSQL-left > maxQuerySQL
}

func asked(a *analysis.Answer) string {
	if q := esc(a.Question, 600); q != "" {
		return strong("Asked") + ": " + q
	}
	return ""
}

// notes are what was assumed in reading and what was declined.
func notes(a *analysis.Answer) []string {
	var out []string
	for _, n := range append(a.Reading.Notes[:len(a.Reading.Notes):len(a.Reading.Notes)], a.Reading.Declined...) {
		out = append(out, prose(n, maxCaveat))
	}
	return out
}

// verdict says whether the queries came out the same when they were run again.
func verdict(a *analysis.Answer, reran []Rerun) string {
	if reran == nil {
		return ""
	}
	differ := 0
	for _, r := range reran {
		if !r.Equal {
			differ++
		}
	}
	switch {
	case len(reran) == 0:
		return strong("Run again") + ": no query was needed, so there is nothing to run."
	case differ == 0:
		return strong("Run again: equal") + ", all " + counted(len(reran), "query", "queries") + " on the same snapshot."
	}
	return strong("Run again: different") + ", " + counted(differ, "query",
		"queries") + " of " + strconv.Itoa(len(reran)) + " on the same snapshot."
}

// queryHead is "*1. leaves*: 412 rows, 42 ms, hash `9f86d081884c`; run again: equal".
func queryHead(i int, q analysis.QueryTrace, reran []Rerun) string {
	s := strong(strconv.Itoa(i+1)+". "+esc(q.Name, 120)) + ": " + counted(q.Rows, "row", "rows") + ", " + millis(q.MS)
	if h := code(shortHash(q.SHA256), 20); h != "" {
		s += ", hash " + h
	}
	if i < len(reran) {
		if r := reran[i]; r.Equal {
			s += "; run again: equal, " + millis(r.MS)
		} else {
			s += "; run again: different, " + counted(r.Rows, "row", "rows") + ", hash " + code(shortHash(r.SHA256), 20)
		}
	}
	return s
}

func shortHash(s string) string { return s[:min(12, len(s))] }

func millis(ms float64) string {
	switch {
	case math.IsNaN(ms) || ms < 1:
		return "under 1 ms"
	case ms >= 10_000:
		return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
}

// cutLines keeps the lines that fit into so many characters, and of a first line that does not its start.
func cutLines(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	var b strings.Builder
	n := 0
	for line := range strings.Lines(s) {
		size := utf8.RuneCountInString(line)
		if n+size > most {
			break
		}
		b.WriteString(line)
		n += size
	}
	if b.Len() == 0 {
		return string([]rune(s)[:max(most, 0)])
	}
	return strings.TrimRight(b.String(), "\n")
}

// paramLine is "parameters: `'2026-11-16'`, `412`", and whether those are all.
func paramLine(params []any) (line string, all bool) {
	var parts []string
	n := 0
	all = true
	for _, p := range params {
		lit := literal(p)
		if utf8.RuneCountInString(lit) > maxParam {
			all = false
		}
		c := code(lit, maxParam)
		if n += utf8.RuneCountInString(c) + 2; n > maxParamLine {
			return "parameters: " + strings.Join(parts, ", ") + " and " + counted(len(params)-len(parts), "more", "more"), false
		}
		parts = append(parts, c)
	}
	if len(parts) == 0 {
		return "", true
	}
	return "parameters: " + strings.Join(parts, ", "), true
}

// maxEventLines is how many events a window names.
const maxEventLines = 8

// maxFileEvents is how many a file names.
const maxFileEvents = 1000

// eventLines are the events that an answer looked at, the first line saying which; none where it looked at none.
func eventLines(a *analysis.Answer, most int) []string {
	t := a.Trace.Events
	if t == nil {
		return nil
	}
	lines := []string{"Events looked at: " + strconv.Itoa(len(t.Events)) + ", of the first " + strconv.FormatInt(t.Known, 10) + " that were told, hash " + shortHash(t.SHA256)}
	for i, e := range t.Events {
		if i == most {
			lines = append(lines, counted(len(t.Events)-i, "more", "more"))
			break
		}
		l := e.ID + "  " + event.Line(e)
		if p := event.Place(e); p != "" {
			l += " (" + p + ")"
		}
		lines = append(lines, l)
	}
	return lines
}

// evidence is the last line: snapshot, time, how to run it again.
func evidence(a *analysis.Answer) string {
	t := a.Trace
	var items []string
	if t.Snapshot != 0 {
		items = append(items, "snapshot "+strconv.FormatInt(t.Snapshot, 10))
	}
	if t.ChargesSnapshot != 0 {
		items = append(items, "line items "+strconv.FormatInt(t.ChargesSnapshot, 10))
	}
	if len(t.Queries) == 0 {
		items = append(items, "no query was needed")
	} else {
		items = append(items, counted(len(t.Queries), "query", "queries")+", "+millis(t.MS)+" in all")
	}
	s := strings.Join(items, " · ")
	if answerID.MatchString(a.ID) && len(t.Queries) > 0 {
		s += "\nRun it again: `spendbot trace " + a.ID + " --rerun`"
	}
	return s
}

// quote writes a text as SQL, on one line and without anything that drives a terminal: such characters are spelled chr(27).
func quote(s string) string {
	var parts []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			parts = append(parts, "'"+strings.ReplaceAll(b.String(), "'", "''")+"'")
			b.Reset()
		}
	}
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if one := string(r); render.Clean(one) == one {
			b.WriteRune(r)
		} else if r != 0 { // no text of a bill has a NUL in it that a database would take
			flush()
			parts = append(parts, "chr("+strconv.Itoa(int(r))+")")
		}
	}
	flush()
	if len(parts) == 0 {
		return "''"
	}
	return strings.Join(parts, " || ")
}

// literal writes a parameter as SQL does.
func literal(p any) string {
	switch v := p.(type) {
	case nil:
		return "NULL"
	case string:
		return quote(v)
	case []byte:
		return "'" + hexEscape(v) + "'::BLOB"
	case bool:
		return strings.ToUpper(strconv.FormatBool(v))
	case time.Time:
		if v.Equal(analysis.DayOf(v)) {
			return "DATE '" + v.UTC().Format(analysis.DateLayout) + "'"
		}
		return "TIMESTAMP '" + v.UTC().Format("2006-01-02 15:04:05.999999") + "'"
	case decimal.Decimal:
		return v.String()
	case *decimal.Decimal:
		if v == nil {
			return "NULL"
		}
		return v.String()
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return fmt.Sprint(v)
	case float32, float64:
		f, _ := strconv.ParseFloat(fmt.Sprint(v), 64)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return quote(fmt.Sprint(v)) + "::DOUBLE"
		}
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return quote(fmt.Sprint(p))
}

func hexEscape(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteString(`\x` + strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return s.String()
}

// SQLFile is the whole trace as one SQL text: each query with its parameters, to be run on the tables of the snapshot it names.
// What comes from bills and people stands in comments of one line and in literals, from neither of which it can break out.
func SQLFile(a *analysis.Answer) []byte {
	var b strings.Builder
	comment := func(format string, args ...any) {
		for line := range strings.Lines(fmt.Sprintf(format, args...)) {
			b.WriteString(strings.TrimRight("-- "+render.Clean(strings.TrimRight(line, "\r\n")), " ") + "\n")
		}
	}
	comment("How %s was made, asked %s", a.ID, a.Asked.UTC().Format("2 Jan 2006 15:04 MST"))
	comment("Asked: %s", a.Question)
	comment("Read as: %s", render.ReadingWords(a))
	for _, n := range a.Reading.Notes {
		comment("  %s", n)
	}
	comment("Answer: %s", a.Headline)
	comment("Tables: daily is snapshot %d, charges is snapshot %d.", a.Trace.Snapshot, a.Trace.ChargesSnapshot)
	if len(a.Trace.Queries) == 0 {
		comment("No query was needed.")
	} else {
		comment("Run it again on the same snapshot and compare: spendbot trace %s --rerun", a.ID)
	}
	for i, q := range a.Trace.Queries {
		b.WriteByte('\n')
		comment("%d. %s: %s in %s, sha256 %s", i+1, q.Name, counted(q.Rows, "row", "rows"), millis(q.MS), q.SHA256)
		if q.Withheld(a.Reading.Scope) {
			comment("%s", withheld)
			continue
		}
		text := strings.TrimRight(render.CleanLines(strings.TrimSpace(q.Shown(a.Reading.Scope))), "; \n")
		if len(q.Params) == 0 {
			b.WriteString(text + ";\n")
			continue
		}
		args := make([]string, len(q.Params))
		for k, p := range q.Params {
			args[k] = literal(p)
			comment("parameter %d: %s", k+1, args[k])
		}
		fmt.Fprintf(&b, "PREPARE q%d AS\n%s;\nEXECUTE q%d(%s);\n", i+1, text, i+1, strings.Join(args, ", "))
	}
	if lines := eventLines(a, maxFileEvents); len(lines) > 0 {
		b.WriteByte('\n')
		for _, l := range lines {
			comment("%s", l)
		}
	}
	return []byte(b.String())
}
