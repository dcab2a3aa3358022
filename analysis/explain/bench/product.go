package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"spendbot/analysis"
	"spendbot/analysis/explain"
	"spendbot/analysis/ingest"
	"spendbot/analysis/store"
)

// product is a case loaded the way any bill is: as a FOCUS file, through ingest, into a store.
type product struct {
	dir string
	s   *store.Store
	sn  *store.Snapshot
}

// loadProduct writes a case's lines as a FOCUS export and loads it.
func loadProduct(ctx context.Context, lines string) (_ *product, err error) {
	dir, err := os.MkdirTemp("", "spendbot-case-")
	if err != nil {
		return nil, err
	}
	p := &product{dir: dir}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	bill := filepath.Join(dir, "focus.csv")
	if err := writeFOCUS(lines, bill); err != nil {
		return nil, fmt.Errorf("%s: %w", lines, err)
	}
	if p.s, err = store.Open(ctx, filepath.Join(dir, "store"), store.Limits{}); err != nil {
		return nil, err
	}
	if _, err := ingest.Load(ctx, p.s, bill, ingest.Options{Now: time.Now()}); err != nil {
		return nil, err
	}
	p.sn, err = p.s.Snapshot(ctx, 0)
	return p, err
}

// Close throws the case's store away.
func (p *product) Close() error {
	var errs []error
	if p.sn != nil {
		errs = append(errs, p.sn.Close())
	}
	if p.s != nil {
		errs = append(errs, p.s.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(p.dir))...)
}

// explain asks why spend changed.
func (p *product) explain(ctx context.Context, base, cur analysis.Period) (*analysis.Bridge, error) {
	res, err := explain.Run(ctx, p.sn, explain.Request{Metric: analysis.Effective, Current: cur, Baseline: base, Currency: "USD",
		TagKeys: []string{"team"}, First: base.Start})
	if err != nil {
		return nil, err
	}
	for i := range res.Bridge.Drivers { // the cases have no usage types, so the store reads them from the SKU
		d := &res.Bridge.Drivers[i]
		if v, ok := d.Slice["x_UsageType"]; ok {
			delete(d.Slice, "x_UsageType")
			d.Slice["SkuId"] = v
		}
	}
	return &res.Bridge, nil
}

// writeFOCUS turns a case's columns into a FOCUS export: the team becomes a tag, and what the cases do not have (provider,
// currency, billing period, billed cost) gets one value for all rows.
func writeFOCUS(lines, to string) (err error) {
	in, err := os.Open(lines)
	if err != nil {
		return err
	}
	defer in.Close()
	z, err := gzip.NewReader(bufio.NewReaderSize(in, 1<<16))
	if err != nil {
		return err
	}
	r := csv.NewReader(z)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return err
	}
	at := map[string]int{}
	for i, h := range head {
		at[h] = i
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := csv.NewWriter(bufio.NewWriterSize(out, 1<<20))
	kept := []string{"SubAccountId", "ServiceName", "SkuId", "RegionId", "ResourceId", "ChargeCategory", "ChargeClass",
		"CommitmentDiscountStatus", "PricingQuantity", "ListCost", "ContractedCost", "EffectiveCost"}
	for _, k := range append(kept, "ChargePeriodStart", "team") {
		if _, ok := at[k]; !ok {
			return fmt.Errorf("no column %s", k)
		}
	}
	if err := w.Write(append([]string{"ProviderName", "BillingAccountId", "BillingCurrency", "BillingPeriodStart", "ChargePeriodStart", "ChargePeriodEnd", "Tags", "BilledCost"}, kept...)); err != nil {
		return err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		day, err := time.Parse(analysis.DateLayout, row[at["ChargePeriodStart"]])
		if err != nil {
			return err
		}
		tags := ""
		if team := row[at["team"]]; team != "" {
			b, err := json.Marshal(map[string]string{"team": team})
			if err != nil {
				return err
			}
			tags = string(b)
		}
		rec := []string{"case", "1", "USD", analysis.MonthOf(day).Start.Format(analysis.DateLayout), day.Format(analysis.DateLayout),
			day.AddDate(0, 0, 1).Format(analysis.DateLayout), tags, row[at["EffectiveCost"]]}
		for _, k := range kept {
			rec = append(rec, row[at[k]])
		}
		if err := w.Write(rec); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
