package source

import (
	"fmt"
	"strings"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
)

// azureHalf puts an export of costs into a bucket, with its manifest.
func azureHalf(t testing.TB, b *blob.Bucket, name, kind, month, rows string) {
	t.Helper()
	const header = "date,meterCategory,costInBillingCurrency,billingCurrency,billingProfileId,subscriptionId,chargeType,pricingModel\n"
	dir := name + "/2026" + month + "01-2026" + month + "30/run-" + name
	put(t, b, map[string]string{
		dir + "/part_0_0001.csv": header + rows,
		dir + "/manifest.json": fmt.Sprintf(`{"exportConfig":{"exportName":%q,"type":%q,"resourceId":"/providers/Microsoft.Billing/billingAccounts/1/providers/Microsoft.CostManagement/exports/%s"},
 "runInfo":{"runId":"run-%s","startDate":"2026-%s-01T00:00:00"},"blobs":[{"blobName":"%s/part_0_0001.csv","byteCount":%d}]}`, name, kind, name, name, month, dir, len(header)+len(rows)),
	})
}

// Actual and amortized costs are halves of one bill: one delivery, and one load.
func TestAzureHalvesAreOneDelivery(t *testing.T) {
	bucket := memblob.OpenBucket(nil)
	t.Cleanup(func() { bucket.Close() })
	usage := "2026-09-03,Storage,2,USD,p,s,Usage,OnDemand\n"
	azureHalf(t, bucket, "a", "ActualCost", "09", usage+"2026-09-01,Virtual Machines,30,USD,p,s,Purchase,Reservation\n2026-09-03,Virtual Machines,0,USD,p,s,Usage,Reservation\n")
	azureHalf(t, bucket, "b", "AmortizedCost", "09", usage+"2026-09-03,Virtual Machines,1,USD,p,s,Usage,Reservation\n")
	// A month in which nothing in the rows tells one from the other: the manifests do.
	azureHalf(t, bucket, "a", "ActualCost", "10", "2026-10-03,Storage,2,USD,p,s,Usage,OnDemand\n")
	azureHalf(t, bucket, "b", "AmortizedCost", "10", "2026-10-03,Storage,2,USD,p,s,Usage,OnDemand\n")
	s := OpenBucket(bucket, "mem://bills", "", Options{})
	st := newStore(t)
	for _, o := range loadAll(t, s, st) {
		if o.Err != nil {
			t.Errorf("%s: %v", o.Key, o.Err)
		}
	}
	want := "a/20260901-20260930 + b/20260901-20260930 current, a/20261001-20261030 + b/20261001-20261030 current"
	if got := states(look(t, s, st, later())); got != want {
		t.Errorf("deliveries are %s, expected %s", got, want)
	}
	got := table(t, st)
	for _, want := range []string{"Virtual Machines 30 0 1", "Virtual Machines 0 1 1", "Storage 2 2 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %q", got, want)
		}
	}
	if n := strings.Count(got, "\n"); n != 4 {
		t.Errorf("%d rows of the rollup, expected 4:\n%s", n, got)
	}
}

// In two places they are two loads, and both stay in force: what a scheduled look finds is not loaded again and again.
func TestAzureHalvesFromTwoPlaces(t *testing.T) {
	usage := "2026-09-03,Storage,2,USD,p,s,Usage,OnDemand\n"
	st := newStore(t)
	var places []*Source
	for name, rows := range map[string]string{
		"ActualCost":    usage + "2026-09-01,Virtual Machines,30,USD,p,s,Purchase,Reservation\n2026-09-03,Virtual Machines,0,USD,p,s,Usage,Reservation\n",
		"AmortizedCost": usage + "2026-09-03,Virtual Machines,1,USD,p,s,Usage,Reservation\n",
	} {
		b := memblob.OpenBucket(nil)
		t.Cleanup(func() { b.Close() })
		azureHalf(t, b, "export", name, "09", rows)
		azureHalf(t, b, "export", name, "10", "2026-10-03,Storage,2,USD,p,s,Usage,OnDemand\n") // the manifest alone tells what it is
		places = append(places, OpenBucket(b, "mem://"+name, "", Options{}))
	}
	for _, s := range places {
		for _, o := range loadAll(t, s, st) {
			if o.Err != nil {
				t.Errorf("%s: %v", o.Key, o.Err)
			}
		}
	}
	for _, s := range places {
		if got, want := states(look(t, s, st, later())), "export/20260901-20260930 current, export/20261001-20261030 current"; got != want {
			t.Errorf("%s: deliveries are %s, expected %s", s.Address, got, want)
		}
	}
	got := table(t, st)
	for _, want := range []string{"Virtual Machines 30 0 1", "Virtual Machines 0 1 1", "Storage 2 2 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %q", got, want)
		}
	}
	if n := strings.Count(got, "\n"); n != 4 {
		t.Errorf("%d rows of the rollup, expected 4:\n%s", n, got)
	}
}

func TestHalvesThatAreNotPaired(t *testing.T) {
	half := func(key, scope, start, kind string) Delivery {
		return Delivery{Key: key, half: half{scope, start, kind}}
	}
	for name, c := range map[string]struct {
		ds   []Delivery
		want string
	}{
		"another scope":  {[]Delivery{half("a", "x", "1", "ActualCost"), half("b", "y", "1", "AmortizedCost")}, "a, b"},
		"another period": {[]Delivery{half("a", "x", "1", "ActualCost"), half("b", "x", "2", "AmortizedCost")}, "a, b"},
		"two of a kind":  {[]Delivery{half("a", "x", "1", "ActualCost"), half("b", "x", "1", "AmortizedCost"), half("c", "x", "1", "ActualCost")}, "a, b, c"},
		"none":           {[]Delivery{{Key: "a"}, {Key: "b"}}, "a, b"},
		"the order":      {[]Delivery{half("a", "x", "1", "AmortizedCost"), half("b", "x", "1", "ActualCost")}, "b + a"},
	} {
		var keys []string
		for _, d := range paired(c.ds) {
			keys = append(keys, d.Key)
		}
		if got := strings.Join(keys, ", "); got != c.want {
			t.Errorf("%s: %s, expected %s", name, got, c.want)
		}
	}
	waits := half("b", "x", "1", "AmortizedCost")
	waits.Waits = "partial upload"
	if got := paired([]Delivery{half("a", "x", "1", "ActualCost"), waits}); len(got) != 1 || got[0].Waits == "" {
		t.Errorf("one half waits and the delivery does not: %+v", got)
	}
}
