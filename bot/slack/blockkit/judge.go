package blockkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object is a JSON object as it is decoded.
type object = map[string]any

// rule judges the value at a JSON pointer and reports to the judge what is wrong with it.
type rule func(j *judge, v any, at string)

// property is one a shape may have; need makes it required.
type property struct {
	name string
	need bool
	rule rule
}

func need(name string, r rule) property { return property{name, true, r} }
func may(name string, r rule) property  { return property{name, false, r} }

// shape is an object: its properties, of which there may be no others, and what holds between them.
type shape struct {
	properties []property
	also       func(j *judge, o object, at string)
}

func of(properties ...property) shape { return shape{properties: properties} }

// with adds a check across properties.
func (s shape) with(also func(*judge, object, string)) shape {
	s.also = also
	return s
}

// plus adds properties.
func (s shape) plus(properties ...property) shape {
	s.properties = slices.Concat(s.properties, properties)
	return s
}

// judge gathers what is wrong.
type judge struct {
	messages []string
	// blocks are the block types of the surface; containers look their children up in it.
	blocks map[string]shape
}

func (j *judge) say(at, format string, args ...any) {
	j.messages = append(j.messages, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

// decode reads one JSON value and nothing behind it; numbers keep their digits.
func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more behind the value")
	}
	return v, nil
}

// check judges an object's properties in the order they are declared, then those it should not have.
func (s shape) check(j *judge, v any, at string) {
	o, ok := v.(object)
	if !ok {
		j.say(at, "must provide an object")
		return
	}
	known := map[string]bool{}
	for _, p := range s.properties {
		known[p.name] = true
		value, there := o[p.name]
		switch {
		case there && (value != nil || p.need):
			p.rule(j, value, at+"/"+p.name)
		case p.need:
			j.say(at, "missing required field: %s", p.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !known[name] {
			j.say(at, "invalid additional property: %s", name)
		}
	}
	if s.also != nil {
		s.also(j, o, at)
	}
}

// an judges an object of one shape.
func an(s shape) rule { return s.check }

// typed judges an object by its "type", one of those given.
func typed(types map[string]shape) rule {
	return func(j *judge, v any, at string) {
		o, ok := v.(object)
		if !ok {
			j.say(at, "must provide an object")
			return
		}
		kind, there := o["type"]
		if !there {
			j.say(at, "missing required field: type")
			return
		}
		name, ok := kind.(string)
		if !ok {
			j.say(at+"/type", "must provide a string")
			return
		}
		s, ok := types[name]
		if !ok {
			j.say(at+"/type", "unsupported type: %s", short(name))
			return
		}
		s.check(j, o, at)
	}
}

// short keeps a message to a line, whatever was sent.
func short(s string) string {
	const most = 64
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// str judges a string's length in characters; most 0 means any.
func str(least, most int) rule {
	return func(j *judge, v any, at string) {
		s, ok := v.(string)
		if !ok {
			j.say(at, "must provide a string")
			return
		}
		switch n := utf8.RuneCountInString(s); {
		case n < least:
			j.say(at, "must be more than %d characters", least-1)
		case most > 0 && n > most:
			j.say(at, "must be less than %d characters", most+1)
		}
	}
}

func boolean(j *judge, v any, at string) {
	if _, ok := v.(bool); !ok {
		j.say(at, "must provide a boolean")
	}
}

func anything(*judge, any, string) {}

func anObject(j *judge, v any, at string) {
	if _, ok := v.(object); !ok {
		j.say(at, "must provide an object")
	}
}

// number judges a number and its bounds.
func number(least, most float64) rule {
	return func(j *judge, v any, at string) {
		f, ok := asNumber(v)
		switch {
		case !ok:
			j.say(at, "must provide a number")
		case f < least:
			j.say(at, "must be at least %s", plainNumber(least))
		case f > most:
			j.say(at, "must be at most %s", plainNumber(most))
		}
	}
}

func asNumber(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

func plainNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// oneOf judges a string among those given.
func oneOf(values ...string) rule {
	return func(j *judge, v any, at string) {
		s, ok := v.(string)
		if !ok {
			j.say(at, "must provide a string")
		} else if !slices.Contains(values, s) {
			j.say(at, "must be one of: %s", strings.Join(values, ", "))
		}
	}
}

// list judges an array's length and each of its items; most 0 means any number.
func list(least, most int, item rule) rule {
	return func(j *judge, v any, at string) {
		items, ok := v.([]any)
		if !ok {
			j.say(at, "must provide an array")
			return
		}
		switch {
		case len(items) < least:
			j.say(at, "must provide at least %d items", least)
		case most > 0 && len(items) > most:
			j.say(at, "no more than %d items allowed", most)
			return // what is in so long a list is of no interest
		}
		for i, x := range items {
			item(j, x, at+"/"+strconv.Itoa(i))
		}
	}
}

// both judges a value by several rules.
func both(rules ...rule) rule {
	return func(j *judge, v any, at string) {
		for _, r := range rules {
			r(j, v, at)
		}
	}
}

// distinct judges that no two items of a list have the same value of a property.
func distinct(name string) rule {
	return func(j *judge, v any, at string) {
		items, _ := v.([]any)
		seen := map[string]bool{}
		for i, x := range items {
			o, _ := x.(object)
			id, ok := o[name].(string)
			if !ok || id == "" {
				continue
			}
			if seen[id] {
				j.say(at+"/"+strconv.Itoa(i)+"/"+name, "`%s` %q already exists", name, short(id))
			}
			seen[id] = true
		}
	}
}

// has reports whether an object has a property that is not null.
func has(o object, name string) bool { return o[name] != nil }

// schemas wraps a rule as Slack does where a value may have one of several schemas: what is wrong inside comes after a
// line that says so.
func schemas(r rule) rule {
	return func(j *judge, v any, at string) {
		inner := &judge{blocks: j.blocks}
		if r(inner, v, at); len(inner.messages) > 0 {
			j.say(at, "failed to match all allowed schemas")
			j.messages = append(j.messages, inner.messages...)
		}
	}
}
