package state

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"spendbot/analysis"
)

var asParams = cmp.Options{byValue, cmpopts.EquateNaNs(), cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })}

func TestParamsComeBackAsTheyWere(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	in := []any{
		nil, "", "payments-prod", "a\x00b\xff", "2026-11-16", "12.40", []byte{0, 1, 255}, true, false, int64(math.MinInt64), int64(math.MaxInt64),
		7, int32(-7), 0.1, math.NaN(), math.Inf(-1), amt("12.40"), amt("-1e30"), amt("0.000000000000001"), analysis.Day(2026, 11, 16),
		time.Date(2026, 11, 16, 9, 30, 0, 123456789, time.UTC), time.Date(2026, 11, 16, 0, 0, 0, 0, berlin), time.Date(2026, 11, 16, 1, 0, 0, 0, berlin),
	}
	want := append([]any{}, in...)
	want[11], want[12] = int64(7), int64(-7)
	s, err := EncodeParams(in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeParams(s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, asParams); diff != "" {
		t.Error(diff)
	}
	if day := got[19].(time.Time); day.Location() != time.UTC {
		t.Errorf("a day came back in %v", day.Location())
	}
	if d := got[16].(decimal.Decimal); d.Exponent() != -2 {
		t.Errorf("12.40 came back with exponent %d: its scale is part of how it binds", d.Exponent())
	}
}

func TestParamsThatCannotBeKept(t *testing.T) {
	for _, p := range []any{struct{}{}, []string{"a"}, time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC), decimal.New(1, 1<<30)} {
		if s, err := EncodeParams([]any{p}); err == nil {
			t.Errorf("%v was kept as %s", p, s)
		}
	}
	for _, s := range []string{"", "{}", `[{"t":"int","v":"1.5"}]`, `[{"t":"date","v":"tomorrow"}]`, `[{"t":"new"}]`, `[{"t":"decimal","v":"1e999999999"}]`, `[1]`} {
		if p, err := DecodeParams(s); err == nil {
			t.Errorf("%s was read as %v", s, p)
		}
	}
}

func TestParamsRoundTrip(t *testing.T) {
	one := rapid.OneOf(
		rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Bool().AsAny(), rapid.Float64().AsAny(),
		rapid.Custom(func(t *rapid.T) []byte { return rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "bytes") }).AsAny(),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "raw")) }).AsAny(),
		rapid.Custom(func(t *rapid.T) decimal.Decimal {
			return decimal.New(rapid.Int64().Draw(t, "mantissa"), rapid.Int32Range(-20, 20).Draw(t, "exp"))
		}).AsAny(),
		rapid.Custom(func(t *rapid.T) time.Time {
			return time.Unix(rapid.Int64Range(-1e10, 2e11).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		}).AsAny(),
		rapid.Custom(func(t *rapid.T) time.Time {
			return analysis.Day(2020, 1, 1).AddDate(0, 0, rapid.IntRange(-20000, 20000).Draw(t, "days"))
		}).AsAny(),
	)
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOf(one).Draw(t, "params")
		s, err := EncodeParams(in)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeParams(s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, got, asParams, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whatever stands in the file, reading it does not panic, and what was read is written so that it reads the same.
func FuzzDecodeParams(f *testing.F) {
	for _, s := range []string{`[{"t":"int","v":"1"},{"t":"decimal","v":"12.40"},{"t":"date","v":"2026-11-16"}]`, `[{"t":"time","v":"2026-11-16T09:30:00+01:00"}]`,
		`[{"t":"rawtext","v":"/w=="},{"t":"null"},{"t":"bool","v":"true"},{"t":"float","v":"NaN"}]`, `[]`, `null`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		params, err := DecodeParams(s)
		if err != nil {
			return
		}
		again, err := EncodeParams(params)
		if err != nil {
			t.Fatalf("%v: %v", params, err)
		}
		back, err := DecodeParams(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(params, back, asParams); diff != "" {
			t.Fatal(diff)
		}
	})
}
