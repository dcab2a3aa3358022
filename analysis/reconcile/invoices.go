package reconcile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

// Invoice is what an invoice asks for, as somebody wrote it down.
type Invoice struct {
	Provider string // as the store has it: "AWS", "Microsoft", "Google Cloud"
	Account  string // billing account, id or name; empty is all of the provider's
	Month    string // "2026-10"
	ID       string // the invoice's number; may be empty
	Currency string // ISO 4217
	Total    analysis.Amount
	Line     int // in the file, from 1
}

// mostInvoices and mostBytes bound a file of invoices; a company has some dozen a month.
const (
	mostInvoices = 100_000
	mostBytes    = 32 << 20
)

// InvoiceError says what is wrong in a file of invoices, and where.
type InvoiceError struct {
	File     string
	Line     int
	Problem  string
	Expected string
}

func (e *InvoiceError) Error() string {
	s := e.File
	if e.Line > 0 {
		s += fmt.Sprintf(": line %d", e.Line)
	}
	s += ": " + e.Problem
	if e.Expected != "" {
		s += "; expected " + e.Expected
	}
	return s
}

const headerWanted = "a header with provider, billing account, month, invoice id, currency, total"

// columnNames are the names a column may have, folded; the first is ours.
var columnNames = map[string][]string{
	"provider": {"provider", "providername", "serviceprovidername", "cloud", "vendor"},
	"account":  {"billingaccount", "billingaccountid", "account", "payer", "payeraccount"},
	"month":    {"month", "billingmonth", "billingperiod", "period", "invoicemonth"},
	"id":       {"invoiceid", "invoice", "invoicenumber"},
	"currency": {"currency", "billingcurrency"},
	"total":    {"total", "amount", "invoicetotal", "invoiced"},
}

// ReadInvoices reads a CSV of invoice totals: provider, billing account, month, invoice id, currency, total. The columns may come in any
// order; billing account and invoice id may be missing or empty. Every problem is told with its line.
func ReadInvoices(name string, r io.Reader) ([]Invoice, error) {
	lim := &io.LimitedReader{R: r, N: mostBytes + 1}
	c := csv.NewReader(lim)
	c.FieldsPerRecord, c.ReuseRecord, c.TrimLeadingSpace = -1, true, true
	fail := func(line int, expected, format string, a ...any) error {
		return &InvoiceError{File: name, Line: line, Problem: fmt.Sprintf(format, a...), Expected: expected}
	}
	header, err := c.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fail(0, headerWanted, "the file is empty")
	case err != nil:
		return nil, fail(lineOf(err, 1), headerWanted, "it is not a CSV: %v", bare(err))
	}
	at, err := columnsOf(header)
	if err != nil {
		return nil, fail(1, headerWanted, "%v", err)
	}
	width := len(header)
	var out []Invoice
	first := map[Invoice]int{}
	for {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fail(lineOf(err, 0), "", "it is not a CSV: %v", bare(err))
		}
		line, _ := c.FieldPos(0)
		if lim.N <= 0 || len(out) == mostInvoices {
			return nil, fail(line, fmt.Sprintf("at most %d invoices in %d MB", mostInvoices, mostBytes>>20), "the file is too large")
		}
		if len(rec) != width {
			return nil, fail(line, "", "%d fields, the header has %d", len(rec), width)
		}
		inv, expected, err := invoiceOf(rec, at)
		if err != nil {
			return nil, fail(line, expected, "%v", err)
		}
		key := inv
		key.Total = analysis.Amount{}
		if l, twice := first[key]; twice {
			return nil, fail(line, "each invoice once", "the same invoice is on line %d", l)
		}
		first[key] = line
		inv.Line = line
		out = append(out, inv)
	}
	return out, nil
}

// ReadInvoiceFile is [ReadInvoices] of a file.
func ReadInvoiceFile(path string) ([]Invoice, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("invoices: %w", err)
	}
	defer f.Close()
	return ReadInvoices(path, f)
}

func columnsOf(header []string) (map[string]int, error) {
	at := map[string]int{}
	for i, h := range header {
		n := fold(h)
		for col, names := range columnNames {
			if !slices.Contains(names, n) {
				continue
			}
			if _, twice := at[col]; twice {
				return nil, fmt.Errorf("two columns are the %s", columnNames[col][0])
			}
			at[col] = i
		}
	}
	for _, col := range []string{"provider", "month", "currency", "total"} {
		if _, ok := at[col]; !ok {
			return nil, fmt.Errorf("there is no column %q", columnNames[col][0])
		}
	}
	return at, nil
}

// fold makes "Billing account", "billing_account" and "BillingAccount" one; a byte order mark is none of it.
func fold(s string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(strings.TrimSpace(strings.TrimPrefix(s, "\ufeff"))))
}

var (
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
	plainAmount  = regexp.MustCompile(`^-?[0-9]{1,20}(\.[0-9]{1,18})?$`)
)

func invoiceOf(rec []string, at map[string]int) (inv Invoice, expected string, err error) {
	field := func(col string) string {
		i, ok := at[col]
		if !ok {
			return ""
		}
		return strings.TrimSpace(rec[i])
	}
	for col := range at {
		if s := field(col); !utf8.ValidString(s) || len(s) > 500 {
			return inv, "text of at most 500 bytes in UTF-8", fmt.Errorf("the %s is no such text", columnNames[col][0])
		}
	}
	inv.Provider, inv.Account, inv.ID, inv.Currency = providerName(field("provider")), field("account"), field("id"), strings.ToUpper(field("currency"))
	if inv.Provider == "" {
		return inv, "a name as the store has it, as AWS", errors.New("there is no provider")
	}
	if inv.Month, err = monthOf(field("month")); err != nil {
		return inv, "a month, as 2026-10", err
	}
	if !currencyCode.MatchString(inv.Currency) {
		return inv, "a code of three letters, as USD", fmt.Errorf("%q is no currency", field("currency"))
	}
	total := field("total")
	if !plainAmount.MatchString(total) {
		return inv, "digits with a dot, as 1234.50", fmt.Errorf("the total %q is no amount", total)
	}
	if inv.Total, err = decimal.NewFromString(total); err != nil {
		return inv, "digits with a dot, as 1234.50", err
	}
	return inv, "", nil
}

// providerName brings what people call the clouds to the store's names; others stay as written.
func providerName(s string) string {
	switch fold(s) {
	case "aws", "amazon", "amazonwebservices", "amazonwebservices,inc.":
		return "AWS"
	case "azure", "microsoft", "microsoftazure":
		return "Microsoft"
	case "gcp", "google", "googlecloud", "googlecloudplatform":
		return "Google Cloud"
	case "oci", "oracle", "oraclecloud":
		return "Oracle"
	}
	return s
}

// monthOf reads 2026-10, 2026-10-01, 202610 and October 2026.
func monthOf(s string) (string, error) {
	for _, layout := range []string{"2006-01", "2006-01-02", "200601", "January 2006", "Jan 2006", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1990 && t.Year() <= 2200 {
			return t.Format("2006-01"), nil
		}
	}
	return "", fmt.Errorf("%q is no month", s)
}

func lineOf(err error, or int) int {
	if p := (*csv.ParseError)(nil); errors.As(err, &p) {
		return p.Line
	}
	return or
}

func bare(err error) error {
	if p := (*csv.ParseError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
