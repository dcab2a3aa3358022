package state

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// tagged is a parameter with the type it is bound as. V is always text: a JSON number would lose the difference between
// an integer and a decimal, and digits with it.
type tagged struct {
	T string `json:"t"`
	V string `json:"v,omitempty"`
}

// The tags.
const (
	tagNull    = "null"
	tagString  = "string"
	tagBytes   = "bytes"   // base64
	tagRawText = "rawtext" // a string that is not UTF-8, base64
	tagInt     = "int"
	tagFloat   = "float"
	tagBool    = "bool"
	tagDate    = "date" // "2006-01-02", a UTC midnight
	tagTime    = "time" // RFC 3339 with its zone
	tagDecimal = "decimal"
)

// EncodeParams writes query parameters as JSON that keeps their types, so that a stored query binds as it did. It takes
// nil, string, []byte, bool, int, int32, int64, float64, time.Time and decimal.Decimal; integers come back as int64.
func EncodeParams(params []any) (string, error) {
	out := make([]tagged, len(params))
	for i, p := range params {
		t, err := encodeParam(p)
		if err != nil {
			return "", fmt.Errorf("query parameter %d: %w", i+1, err)
		}
		out[i] = t
	}
	b, err := json.Marshal(out)
	if err != nil {
		return "", fmt.Errorf("query parameters: %w", err)
	}
	return string(b), nil
}

func encodeParam(p any) (tagged, error) {
	switch p := p.(type) {
	case nil:
		return tagged{T: tagNull}, nil
	case string:
		if !utf8.ValidString(p) {
			return tagged{tagRawText, base64.StdEncoding.EncodeToString([]byte(p))}, nil
		}
		return tagged{tagString, p}, nil
	case []byte:
		return tagged{tagBytes, base64.StdEncoding.EncodeToString(p)}, nil
	case bool:
		return tagged{tagBool, strconv.FormatBool(p)}, nil
	case int:
		return tagged{tagInt, strconv.Itoa(p)}, nil
	case int32:
		return tagged{tagInt, strconv.FormatInt(int64(p), 10)}, nil
	case int64:
		return tagged{tagInt, strconv.FormatInt(p, 10)}, nil
	case float64:
		return tagged{tagFloat, strconv.FormatFloat(p, 'g', -1, 64)}, nil
	case decimal.Decimal:
		if err := checkScale(p); err != nil {
			return tagged{}, err
		}
		return tagged{tagDecimal, p.StringFixed(max(0, -p.Exponent()))}, nil
	case time.Time:
		if y := p.Year(); y < 0 || y > 9999 {
			return tagged{}, fmt.Errorf("the year %d has no RFC 3339 form", y)
		}
		if p.Location() == time.UTC && p.Equal(analysis.DayOf(p)) {
			return tagged{tagDate, p.Format(analysis.DateLayout)}, nil
		}
		return tagged{tagTime, p.Format(time.RFC3339Nano)}, nil
	}
	return tagged{}, fmt.Errorf("a %T cannot be kept", p)
}

// maxScale bounds a decimal's exponent. DuckDB's have 38 digits; without a bound a few characters could ask for
// gigabytes of zeros.
const maxScale = 1000

func checkScale(d decimal.Decimal) error {
	if e := d.Exponent(); e > maxScale || e < -maxScale {
		return fmt.Errorf("a decimal with exponent %d cannot be kept", e)
	}
	return nil
}

// DecodeParams reads what [EncodeParams] wrote.
func DecodeParams(s string) ([]any, error) {
	var in []tagged
	if err := json.Unmarshal([]byte(s), &in); err != nil {
		return nil, fmt.Errorf("stored query parameters: %w", err)
	}
	out := make([]any, len(in))
	for i, t := range in {
		p, err := t.decode()
		if err != nil {
			return nil, fmt.Errorf("stored query parameter %d: %w", i+1, err)
		}
		out[i] = p
	}
	return out, nil
}

func (t tagged) decode() (any, error) {
	switch t.T {
	case tagNull:
		return nil, nil
	case tagString:
		return t.V, nil
	case tagRawText:
		b, err := base64.StdEncoding.DecodeString(t.V)
		return string(b), err
	case tagBytes:
		return base64.StdEncoding.DecodeString(t.V)
	case tagBool:
		return strconv.ParseBool(t.V)
	case tagInt:
		return strconv.ParseInt(t.V, 10, 64)
	case tagFloat:
		return strconv.ParseFloat(t.V, 64)
	case tagDecimal:
		d, err := decimal.NewFromString(t.V)
		if err == nil {
			err = checkScale(d)
		}
		return d, err
	case tagDate:
		return time.Parse(analysis.DateLayout, t.V)
	case tagTime:
		return time.Parse(time.RFC3339Nano, t.V)
	}
	return nil, fmt.Errorf("unknown type %q", t.T)
}
