package event

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
	"time"

	"spendbot/analysis"
)

// maxList is how many events one report may hold.
const maxList = 500

// jsonFields are the fields of a generic report, for errors.
const jsonFields = "id, kind, what, at, until, by, link, provider, service, account, region, team, env, product and tags"

// JSON reads a generic report: one object or a list of them. kind and what are needed, and at or id: without either, the same report
// delivered twice could not be told from two events. A report without at happened when it came, now.
//
//	{"id": "run-812", "kind": "deploy", "what": "payments-api 4.18.0", "at": "2026-11-18T09:12:00Z", "until": "2026-11-18T09:30:00Z",
//	 "by": "ana", "link": "https://ci.example.com/812", "team": "payments", "account": "payments-prod", "region": "us-east-1",
//	 "service": "Amazon EC2", "env": "prod", "provider": "AWS", "product": "checkout", "tags": {"app": "api"}}
func JSON(body []byte, rules Rules, now time.Time) ([]analysis.Event, error) {
	var list []json.RawMessage
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0:
		return nil, errors.New("the body is empty; send a JSON object with kind, what and at")
	case trimmed[0] == '[':
		if err := decode(trimmed, &list); err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return nil, errors.New("the list is empty; send events with kind, what and at")
		}
	default:
		list = []json.RawMessage{trimmed}
	}
	if len(list) > maxList {
		return nil, fmt.Errorf("%d events in one report; send at most %d", len(list), maxList)
	}
	var out []analysis.Event
	for i, raw := range list {
		e, err := generic(raw, rules, now)
		if err != nil {
			if len(list) > 1 {
				return nil, fmt.Errorf("event %d of %d: %w", i+1, len(list), err)
			}
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// decode reads one JSON value and nothing behind it.
func decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err := d.Decode(v)
	if err == nil {
		if _, end := d.Token(); !errors.Is(end, io.EOF) {
			return errors.New("something stands behind the JSON; send one object or one list")
		}
		return nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("at byte %d it is no JSON: %s", syntax.Offset, strings.TrimPrefix(err.Error(), "json: "))
	}
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		return fmt.Errorf("%s at byte %d is a %s, which is not what belongs there", orElse(typ.Field, "the value"), typ.Offset, typ.Value)
	}
	return fmt.Errorf("it is no JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func generic(raw []byte, rules Rules, now time.Time) (analysis.Event, error) {
	e := analysis.Event{Source: "webhook", Slice: map[string]string{}}
	var fields map[string]any
	if err := decode(raw, &fields); err != nil {
		return e, err
	}
	id := ""
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		v := fields[name]
		if v == nil {
			continue
		}
		var err error
		switch strings.ToLower(name) {
		case "id":
			id, err = textOf(v)
		case "kind":
			e.Kind, err = textOf(v)
		case "what":
			e.What, err = textOf(v)
		case "by":
			e.By, err = textOf(v)
		case "link":
			e.Link, err = textOf(v)
		case "at":
			e.Begins, err = timeOf(v)
		case "until":
			e.Ends, err = timeOf(v)
		case "tags":
			tags, ok := v.(map[string]any)
			if !ok {
				return e, errors.New(`tags: it is no object; write it as {"app": "api"}`)
			}
			for _, k := range slices.Sorted(maps.Keys(tags)) {
				c, cerr := column(tagPrefix + k)
				s, terr := textOf(tags[k])
				if err := errors.Join(cerr, terr); err != nil {
					return e, fmt.Errorf("tags.%s: %w", clip(k, 40), err)
				}
				e.Slice[c] = s
			}
		default:
			c, cerr := column(name)
			if cerr != nil {
				return e, fmt.Errorf("%q is no field of an event; its fields are %s", clip(name, 40), jsonFields)
			}
			e.Slice[c], err = textOf(v)
		}
		if err != nil {
			return e, fmt.Errorf("%s: %w", clip(name, 40), err)
		}
	}
	if id = tidy(id); id != "" {
		e.Key = "webhook/" + id
	}
	if e.Begins.IsZero() {
		if id == "" {
			return e, errors.New("at: it is missing, and there is no id; write when it happened, as 2026-11-18T09:12:00Z, or an id by which the same report is known when it comes again")
		}
		e.Begins = now
	}
	rules.place(e.What, &e)
	return e, Check(&e)
}

// textOf is a text, or a number as it was written.
func textOf(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", errors.New("it is no text")
}

func timeOf(v any) (time.Time, error) {
	if n, ok := v.(json.Number); ok {
		secs, err := n.Int64()
		if err != nil || secs < 0 || secs > 7_258_118_400 {
			return time.Time{}, fmt.Errorf("%s is no time in seconds since 1970; write 2026-11-18T09:12:00Z", clip(n.String(), 40))
		}
		return time.Unix(secs, 0).UTC(), nil
	}
	s, err := textOf(v)
	if err != nil {
		return time.Time{}, err
	}
	return Time(s)
}

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"}

// Time reads a time; one without a zone is UTC, as bills are.
func Time(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	for _, l := range timeLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time; write 2026-11-18T09:12:00Z, or 2026-11-18 09:12 for UTC", clip(tidy(s), 40))
}
