package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"spendbot/analysis/store"
)

// literal reads values as JSON writes them, or as Python's repr does when a DataFrame was saved as CSV: quotes of either kind,
// None, True, Decimal('1.5'). It copies nothing.
type literal struct {
	b     []byte
	at    int
	depth int
}

// deepest is how deep lists and objects may lie in one another: a bill's are three deep, and a thousand brackets are an attack.
const deepest = 64

var (
	errLiteral     = errors.New("is not written as JSON or Python writes it")
	errTooDeep     = fmt.Errorf("has more than %d lists and objects inside one another", deepest)
	errNotAmounts  = errors.New("is not a list of amounts")
	errAmount      = errors.New("has an amount that is not a number the store can hold")
	errLooksAmount = errors.New("has a text in it that reads as an amount")
	errNotPairs    = errors.New("is not a list of keys and values")
	errNoKey       = errors.New("has an entry without a key")
)

func (l *literal) space() {
	for l.at < len(l.b) {
		switch l.b[l.at] {
		case ' ', '\t', '\n', '\r':
			l.at++
		default:
			return
		}
	}
}

// take steps over a character when it is the next one.
func (l *literal) take(c byte) bool {
	l.space()
	if l.at < len(l.b) && l.b[l.at] == c {
		l.at++
		return true
	}
	return false
}

// text reads a string and returns it as it lies there, without its quotes.
func (l *literal) text() ([]byte, error) {
	l.space()
	if l.at >= len(l.b) || l.b[l.at] != '"' && l.b[l.at] != '\'' {
		return nil, errLiteral
	}
	q := l.b[l.at]
	from := l.at + 1
	for i := from; i < len(l.b); i++ {
		switch l.b[i] {
		case '\\':
			i++
		case q:
			l.at = i + 1
			return l.b[from:i], nil
		}
	}
	return nil, errLiteral
}

// isNumeric are the characters of a number.
func isNumeric(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// number returns the text of a number: bare, as a string, or as Decimal('1.5'). nil for null.
func (l *literal) number() ([]byte, error) {
	l.space()
	if l.at >= len(l.b) {
		return nil, errLiteral
	}
	switch c := l.b[l.at]; {
	case c == '"' || c == '\'':
		t, err := l.text()
		if err == nil && len(t) == 0 {
			err = errLiteral
		}
		return t, err
	case c == 'D' && bytes.HasPrefix(l.b[l.at:], []byte("Decimal(")):
		l.at += len("Decimal(")
		t, err := l.text()
		if err == nil && !l.take(')') {
			err = errLiteral
		}
		return t, err
	case isNumeric(c):
		from := l.at
		for l.at < len(l.b) && isNumeric(l.b[l.at]) {
			l.at++
		}
		return l.b[from:l.at], nil
	}
	word, err := l.word()
	if err == nil && word != "null" && word != "None" {
		err = errLiteral
	}
	return nil, err
}

func (l *literal) word() (string, error) {
	from := l.at
	for l.at < len(l.b) && (l.b[l.at] >= 'a' && l.b[l.at] <= 'z' || l.b[l.at] >= 'A' && l.b[l.at] <= 'Z') {
		l.at++
	}
	switch w := string(l.b[from:l.at]); w {
	case "null", "None", "true", "True", "false", "False":
		return w, nil
	}
	return "", errLiteral
}

// skip steps over a value.
func (l *literal) skip() error {
	l.space()
	if l.at >= len(l.b) {
		return errLiteral
	}
	switch l.b[l.at] {
	case '{':
		return l.object(func([]byte) error { return l.skip() })
	case '[':
		return l.list(l.skip)
	case '"', '\'':
		_, err := l.text()
		return err
	}
	if c := l.b[l.at]; isNumeric(c) || c == 'D' {
		t, err := l.number()
		if err == nil && !wellFormed(t) {
			err = errLiteral
		}
		return err
	}
	_, err := l.word()
	return err
}

// object reads an object; value must read the value of each key.
func (l *literal) object(value func(key []byte) error) error {
	return l.several('{', '}', func() error {
		key, err := l.text()
		if err != nil {
			return err
		}
		if !l.take(':') {
			return errLiteral
		}
		return value(key)
	})
}

func (l *literal) list(value func() error) error { return l.several('[', ']', value) }

func (l *literal) several(open, shut byte, one func() error) error {
	if !l.take(open) {
		return errLiteral
	}
	if l.depth++; l.depth > deepest {
		return errTooDeep
	}
	defer func() { l.depth-- }()
	if l.take(shut) {
		return nil
	}
	for {
		if err := one(); err != nil {
			return err
		}
		if l.take(shut) {
			return nil
		}
		if !l.take(',') {
			return errLiteral
		}
	}
}

// whole reads a list that is all there is.
func (l *literal) whole(value func() error) error {
	if err := l.list(value); err != nil {
		return err
	}
	if l.space(); l.at < len(l.b) {
		return errLiteral
	}
	return nil
}

// sumAmounts adds up the amounts of a list of objects, each rounded to the store's last digit. ok is false when there are none.
// floats says that numbers that are no text are floating-point ones, as in JSON lines.
func sumAmounts(b []byte, floats bool) (sum number, ok bool, err error) {
	if len(b) == 2 && b[0] == '[' && b[1] == ']' { // most rows have no credits
		return number{}, false, nil
	}
	l := literal{b: b}
	found := 0
	var short []byte
	err = l.whole(func() error {
		l.space()
		if l.at < len(l.b) && l.b[l.at] != '{' {
			return errNotAmounts
		}
		return l.object(func(key []byte) error {
			if string(key) != "amount" {
				return l.skip()
			}
			t, err := l.number()
			if err != nil || t == nil {
				return err
			}
			if len(t) == 0 {
				return errAmount
			}
			if floats && &t[0] == &l.b[l.at-len(t)] { // not in quotes
				short = appendShortest(short[:0], string(t))
				t = short
			}
			d, is := parseNumber(t)
			if is {
				d, _ = d.rounded()
			}
			if !is || !d.fits() {
				return errAmount
			}
			sum, ok = sum.plus(d), true
			found++
			return nil
		})
	})
	if errors.Is(err, errLiteral) {
		err = errNotAmounts
	}
	if err == nil && found != amountsSeen(b) {
		err = errLooksAmount
	}
	if err == nil && !sum.fits() {
		err = errAmount
	}
	return sum, ok, err
}

// amountsPattern finds the amounts in such a list, for SQL: what stands behind the key. It would also find one in the middle
// of a name; [amountsSeen] counts as it does, so that such a list is refused and not misread.
const amountsPattern = `["'']amount["'']\s*:\s*(?:Decimal\()?["'']?([-+0-9.eE]+)`

func amountsSeen(b []byte) int {
	n := 0
	isQuote := func(i int) bool { return i >= 0 && i < len(b) && (b[i] == '"' || b[i] == '\'') }
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte("amount"))
		if i < 0 {
			return n
		}
		from := at + i
		at = from + len("amount")
		if !isQuote(from-1) || !isQuote(at) {
			continue
		}
		l := literal{b: b, at: at + 1}
		if !l.take(':') {
			continue
		}
		l.space()
		if bytes.HasPrefix(b[l.at:], []byte("Decimal(")) {
			l.at += len("Decimal(")
		}
		if isQuote(l.at) {
			l.at++
		}
		if l.at < len(b) && isNumeric(b[l.at]) {
			n++
		}
	}
}

// amountsTotal is what [sumAmounts] finds, in SQL, by another way.
func amountsTotal(expr string) string {
	return fmt.Sprintf("list_sum(list_transform(regexp_extract_all(%s, '%s', 1), lambda a: %s))", expr, amountsPattern, wide("a"))
}

// checkPairs checks a list of objects with a key and a value, as Google writes labels. python says that it is as Python writes it,
// with every quote a single one; a text of which that cannot be said must be JSON.
func checkPairs(b []byte) (python bool, err error) {
	python = bytes.IndexByte(b, '\'') >= 0 && !bytes.ContainsAny(b, "\"\\")
	if !python && !json.Valid(b) {
		return false, errNotPairs
	}
	l := literal{b: b}
	err = l.whole(func() error {
		l.space()
		if l.at < len(l.b) && l.b[l.at] != '{' {
			return errNotPairs
		}
		has := false
		err := l.object(func(key []byte) error {
			l.space()
			if string(key) != "key" {
				return l.skip()
			}
			k, err := l.text()
			has = has || len(k) > 0
			return err
		})
		if err == nil && !has {
			err = errNoKey
		}
		return err
	})
	if errors.Is(err, errLiteral) {
		err = errNotPairs
	}
	return python, err
}

// jsonOfPython makes JSON of such a list where it is as Python writes it, in SQL: there, a quote never is part of a text.
func jsonOfPython(expr string) string {
	return strings.ReplaceAll(`CASE WHEN contains(@, '"') THEN @ ELSE replace(regexp_replace(@, '('':\s*)(None|True|False)', '\1null', 'g'), '''', '"') END`,
		"@", expr)
}

// pairsObject makes an object of such a JSON list, in SQL. A key without a value has the empty one.
func pairsObject(expr string) string {
	return "CASE WHEN " + expr + " <> '[]' THEN " + structsObject("from_json("+expr+`, '[{"key":"VARCHAR","value":"VARCHAR"}]')`) + " END"
}

// structsObject makes an object of a list of structs with a key and a value, in SQL; null of an empty list.
func structsObject(expr string) string {
	return strings.ReplaceAll(`CASE WHEN len(@) > 0 THEN concat('{', array_to_string(list_transform(@,
      lambda p: concat(CAST(to_json(p.key) AS VARCHAR), ':', CASE WHEN p.value IS NULL THEN '""' ELSE CAST(to_json(CAST(p.value AS VARCHAR)) AS VARCHAR) END)), ','), '}') END`, "@", expr)
}

// rounded is the number with the store's digits after the point at most, rounded half away from zero as DuckDB's casts do.
func (d number) rounded() (_ number, changed bool) {
	if d.scale <= store.MoneyScale || d.big == nil {
		return d, false
	}
	v := shortest(d.big.Round(store.MoneyScale))
	out := number{big: &v, scale: max(0, -int(v.Exponent()))}
	if !v.IsZero() {
		out.digits = max(0, v.NumDigits()+int(v.Exponent()))
	}
	return out, true
}

// plus is the exact sum.
func (d number) plus(o number) number {
	if d.big == nil && o.big == nil {
		scale := max(d.scale, o.scale)
		if max(d.digits, o.digits)+scale < 18 {
			m := d.mantissa*tens[scale-d.scale] + o.mantissa*tens[scale-o.scale]
			return number{mantissa: m, scale: scale, digits: max(d.digits, o.digits) + 1}
		}
	}
	v := shortest(d.decimal().Add(o.decimal()))
	out := number{big: &v, scale: max(0, -int(v.Exponent()))}
	if !v.IsZero() {
		out.digits = max(0, v.NumDigits()+int(v.Exponent()))
	}
	return out
}

func (d number) decimal() decimal.Decimal {
	if d.big != nil {
		return *d.big
	}
	return decimal.New(d.mantissa, -int32(d.scale))
}

var tens = func() (t [19]int64) {
	t[0] = 1
	for i := 1; i < len(t); i++ {
		t[i] = t[i-1] * 10
	}
	return t
}()
