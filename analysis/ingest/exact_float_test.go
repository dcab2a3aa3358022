package ingest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/shopspring/decimal"

	"spendbot/analysis/store"
)

// TestWideFloat holds the ways of reading a floating-point number in SQL against the shortest decimal as Go writes it, rounded at the store's last digit.
func TestWideFloat(t *testing.T) {
	s, err := store.Open(context.Background(), t.TempDir(), store.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	floats := []float64{0, 1, 0.1, 0.1 + 0.2, 1e-10, 1e-11, 5e-19, 4e-19, 0.01, math.Nextafter(0.01, 0), math.Nextafter(0.01, 1), 0.0001, 1e5, math.Nextafter(1e5, 0), 99999.9999999999, 12345.678901234567,
		1e15, math.Nextafter(1e15, 0), math.Nextafter(1e15, 2e15), 9007199254740993, 123456789012345.67, 1e16, 1e19, 2.3198314011096954e-05}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		x := r.Float64() * math.Pow(10, float64(r.IntN(30)-12))
		floats = append(floats, x, math.Round(x*1e6)/1e6, math.Round(x*1e10)/1e10, math.Nextafter(math.Round(x*1e10)/1e10, 1))
	}
	if err := w.Exec(t.Context(), "CREATE TEMP TABLE floats (n BIGINT, x DOUBLE)"); err != nil {
		t.Fatal(err)
	}
	values := ""
	for i, x := range floats {
		if i%2 == 1 {
			x, floats[i] = -x, -x
		}
		values += fmt.Sprintf("(%d, CAST('%s' AS DOUBLE)),", i, strconv.FormatFloat(x, 'g', -1, 64))
	}
	if err := w.Exec(t.Context(), "INSERT INTO floats VALUES "+values[:len(values)-1]); err != nil {
		t.Fatal(err)
	}
	rows, err := w.Query(t.Context(), "SELECT "+wideFloat("x", "DOUBLE", "")+", "+tenDigits("x")+", "+wideFloat("x", "DOUBLE", "t")+" FROM (SELECT *, "+floatText("x", "DOUBLE")+" AS t FROM floats) ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows.Values) != len(floats) {
		t.Fatalf("%d rows, want %d", len(rows.Values), len(floats))
	}
	quick := 0
	for i, x := range floats {
		want, err := decimal.NewFromString(strconv.FormatFloat(x, 'g', -1, 64))
		if err != nil {
			t.Fatal(err)
		}
		if want = want.Round(store.MoneyScale); !rows.Values[i][0].(decimal.Decimal).Equal(want) {
			t.Errorf("%g is read as %s, want %s", x, rows.Values[i][0], want)
		}
		if !rows.Values[i][2].(decimal.Decimal).Equal(want) {
			t.Errorf("%g by its text is read as %s, want %s", x, rows.Values[i][2], want)
		}
		if rows.Values[i][1].(bool) {
			quick++
		}
	}
	if quick < 1000 || quick > len(floats)-1000 {
		t.Errorf("%d of %d numbers are read without text: each way should be tried", quick, len(floats))
	}
}
