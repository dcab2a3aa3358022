package runbooks

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"spendbot/analysis"
)

func built(t *testing.T) *Library {
	t.Helper()
	l, err := Built()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRunbooksAreInOrder(t *testing.T) {
	for _, p := range built(t).Lint() {
		t.Error(p)
	}
}

func TestReviewsAreNotOld(t *testing.T) {
	l := built(t)
	for _, r := range l.Stale(time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s was last reviewed on %q", r.Slug, r.Front.Reviewed)
	}
	if n := len(l.Stale(time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC))); n != len(l.All()) {
		t.Errorf("years later %d of %d are stale", n, len(l.All()))
	}
}

func TestTheRunbookForADriver(t *testing.T) {
	l := built(t)
	for _, c := range []struct {
		slice  map[string]string
		effect analysis.Effect
		want   string
	}{
		{map[string]string{"ServiceName": "Amazon Virtual Private Cloud", "x_UsageType": "USE1-NatGateway-Bytes"}, analysis.EffVolume, "nat-and-data-transfer"},
		{map[string]string{"ServiceName": "AmazonCloudWatch", "x_UsageType": "USE1-DataProcessing-Bytes"}, analysis.EffVolume, "logs-and-metrics"},
		{map[string]string{"ServiceName": "Something Unheard Of"}, analysis.EffVolume, "cost-spike"},
	} {
		d := analysis.Driver{Slice: c.slice, Effects: []analysis.EffectAmount{{Effect: analysis.EffCalendar, Amount: decimal.New(1, 0)}, {Effect: c.effect, Amount: decimal.New(90, 0)}}}
		got := l.For(d)
		if len(got) == 0 || got[0].Runbook.Slug != c.want || got[0].Because == "" {
			t.Errorf("%v, %s: %+v, want %s first", c.slice, c.effect, got, c.want)
		}
	}
	if got := l.For(analysis.Driver{}); len(got) != 0 {
		t.Errorf("a driver of which nothing is known has %d runbooks", len(got))
	}
}

func TestSearch(t *testing.T) {
	l := built(t)
	for query, want := range map[string]string{"nat": "nat-and-data-transfer", "egress bytes": "nat-and-data-transfer", "log cardinality": "logs-and-metrics", "compromise": "severe-incident"} {
		if got := l.Search(query); len(got) == 0 || got[0].Slug != want {
			t.Errorf("%q finds %d, want %s first", query, len(got), want)
		}
	}
	if got := l.Search("zzzz"); len(got) != 0 {
		t.Errorf("nonsense finds %s", got[0].Slug)
	}
}

const own = `---
title: NAT, the way we do it
usage_types: ["*NatGateway*"]
words: [nat]
severity: low
owner: us
reviewed: 2026-01-01
---
## What you see
Ours.
`

func TestACompanysOwn(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"nat-and-data-transfer.md": own, "batch.md": own, "README.md": "not one"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := built(t).With(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, ok := l.Get("NAT-and-data-transfer")
	if !ok || !r.Own || r.Front.Title != "NAT, the way we do it" || len(l.All()) != len(built(t).All())+1 {
		t.Errorf("the company's own is %+v among %d", r.Front, len(l.All()))
	}
	if problems := l.Lint(); !slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, `batch: the section "First check" is missing`) }) {
		t.Errorf("lint says nothing of a half runbook: %q", problems)
	}
	if err := os.WriteFile(filepath.Join(dir, "Bad Name.md"), []byte(own), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := built(t).With(dir); err == nil || !strings.Contains(err.Error(), "Bad Name.md") {
		t.Errorf("a bad name: %v", err)
	}
	if _, err := built(t).With(filepath.Join(dir, "batch.md")); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestCommandsThatOnlyLook(t *testing.T) {
	for line, want := range map[string]bool{
		"aws ec2 describe-instances --region x": true, "aws ec2 terminate-instances --instance-ids i": false,
		"az vm list --show-details": true, "az vm delete --ids x": false, "az monitor metrics list --resource x": true,
		"gcloud compute instances list": true, "gcloud compute instances delete x": false,
		"kubectl get pods -A | sort": true, "kubectl delete pod x": false, "kubectl get pods | xargs kubectl delete": false,
		"gsutil ls gs://x": true, "aws ec2 describe-instances > x; rm y": false, "aws ec2 describe-instances $(rm y)": false, "gsutil rm gs://x": false, "aws s3 ls s3://x": true, "aws s3 rm s3://x": false,
	} {
		if got := readOnly(line); got != want {
			t.Errorf("%q only looks: %v, want %v", line, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("nat", own)
	f.Add("x", "---\n---\n")
	f.Add("a-b", "---\ntitle: x\n---\n## A\n```sh\n## not a heading\n```\n")
	f.Fuzz(func(t *testing.T, slug, text string) {
		r, err := Parse(slug, text)
		if err != nil {
			return
		}
		if r.Front.Title == "" || !slugs.MatchString(r.Slug) {
			t.Errorf("half a runbook: %+v", r)
		}
		(&Library{books: []Runbook{r}}).Lint()
	})
}
