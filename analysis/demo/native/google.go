package native

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/shopspring/decimal"

	"spendbot/analysis/store"
)

// googleTable is the demo company's table of the detailed export in BigQuery.
const googleTable = "gcp_billing_export_resource_v1_01A4F7_3C92D0_8B6E15"

// Google writes the payer's bills of "from" (its folder google) as the detailed billing export, three times, each into a folder of its
// own, of which one is the bill:
//
//	google-detailed/          as BigQuery extracts the table to JSON lines, packed with gzip, a folder for each invoice month
//	google-detailed-parquet/  the same to Parquet
//	google-detailed-csv/      as a DataFrame made of it is saved: a column for each path, lists as Python writes them
//
// Costs are floating-point numbers there, so what has more than fifteen digits in the FOCUS exports differs in the last ones.
//
// What the export cannot say as the FOCUS exports do. Its cost with credits is what is billed and what is effective in one: usage that a commitment covers
// is at the commitment's price, where FOCUS bills 0, and the fee has an offset for what was used of it, where FOCUS bills all of it. Effective
// and list costs are the same row by row, billed cost is by day and service. It has no invoice number, no name of a region and no type
// of a resource, and a credit by itself is usage at a negative cost.
func Google(ctx context.Context, from, to string) error {
	bills, err := filepath.Glob(filepath.Join(from, "google", "*.csv*"))
	if err != nil {
		return err
	}
	if len(bills) == 0 {
		return fmt.Errorf("%s has no folder google with the demo company's bills: make them first", from)
	}
	for _, bill := range bills {
		if err := ctx.Err(); err != nil {
			return err
		}
		month, _, _ := strings.Cut(filepath.Base(bill), ".")
		if _, err := time.Parse("2006-01", month); err != nil {
			return fmt.Errorf("%s: the name does not say which month it is: %w", bill, err)
		}
		if err := writeGoogle(bill, to, month); err != nil {
			return fmt.Errorf("%s as Google's export: %w", bill, err)
		}
	}
	return parquetOfGoogle(ctx, to)
}

// googleRow is a row of the detailed export. Nulls are left out, as BigQuery leaves them out.
type googleRow struct {
	Account    string            `json:"billing_account_id"`
	Service    googleThing       `json:"service"`
	SKU        *googleThing      `json:"sku,omitempty"`
	Start      string            `json:"usage_start_time"`
	End        string            `json:"usage_end_time"`
	Project    *googleProject    `json:"project,omitempty"`
	Labels     []googleLabel     `json:"labels"`
	System     []googleLabel     `json:"system_labels"`
	Location   *googleLocation   `json:"location,omitempty"`
	Tags       []googleTag       `json:"tags"`
	Seller     string            `json:"seller_name"`
	Deal       string            `json:"transaction_type"`
	Exported   string            `json:"export_time"`
	Cost       float64           `json:"cost"`
	Currency   string            `json:"currency"`
	Rate       float64           `json:"currency_conversion_rate"`
	Usage      *googleUsage      `json:"usage,omitempty"`
	Credits    []googleCredit    `json:"credits"`
	Invoice    googleInvoice     `json:"invoice"`
	Kind       string            `json:"cost_type"`
	Resource   *googleResource   `json:"resource,omitempty"`
	Price      *googlePrice      `json:"price,omitempty"`
	List       *float64          `json:"cost_at_list,omitempty"`
	Contracted *float64          `json:"cost_at_effective_price_default,omitempty"`
	Model      *googleThing      `json:"consumption_model,omitempty"`
	Commitment *googleCommitment `json:"subscription,omitempty"`
}

type (
	googleThing struct {
		ID          string `json:"id"`
		Description string `json:"description"`
	}
	googleProject struct {
		ID     string        `json:"id"`
		Number string        `json:"number"`
		Name   string        `json:"name"`
		Labels []googleLabel `json:"labels"`
	}
	googleLabel struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	googleTag struct {
		Key       string `json:"key"`
		Value     string `json:"value"`
		Inherited bool   `json:"inherited"`
		Namespace string `json:"namespace"`
	}
	googleLocation struct {
		Location string `json:"location"`
		Region   string `json:"region"`
	}
	googleUsage struct {
		Amount  float64 `json:"amount"`
		Unit    string  `json:"unit"`
		Priced  float64 `json:"amount_in_pricing_units"`
		Pricing string  `json:"pricing_unit"`
	}
	googleCredit struct {
		Name   string  `json:"name"`
		Amount float64 `json:"amount"`
		ID     string  `json:"id"`
		Type   string  `json:"type"`
	}
	googleInvoice struct {
		Month string `json:"month"`
	}
	googleResource struct {
		Name   string `json:"name"`
		Global string `json:"global_name"`
	}
	// Prices are NUMERIC in BigQuery, which it writes as text.
	googlePrice struct {
		List       string `json:"list_price"`
		Contracted string `json:"effective_price_default"`
	}
	googleCommitment struct {
		ID string `json:"instance_id"`
	}
)

// googleTypes are the types of the table's columns, as DuckDB reads them from the JSON lines to write Parquet.
const googleTypes = `{'billing_account_id': 'VARCHAR', 'service': 'STRUCT(id VARCHAR, description VARCHAR)', 'sku': 'STRUCT(id VARCHAR, description VARCHAR)',
'usage_start_time': 'TIMESTAMPTZ', 'usage_end_time': 'TIMESTAMPTZ', 'project': 'STRUCT(id VARCHAR, "number" VARCHAR, "name" VARCHAR, labels STRUCT("key" VARCHAR, "value" VARCHAR)[])',
'labels': 'STRUCT("key" VARCHAR, "value" VARCHAR)[]', 'system_labels': 'STRUCT("key" VARCHAR, "value" VARCHAR)[]', 'location': 'STRUCT("location" VARCHAR, region VARCHAR)',
'tags': 'STRUCT("key" VARCHAR, "value" VARCHAR, inherited BOOLEAN, "namespace" VARCHAR)[]', 'seller_name': 'VARCHAR', 'transaction_type': 'VARCHAR', 'export_time': 'TIMESTAMPTZ',
'cost': 'DOUBLE', 'currency': 'VARCHAR', 'currency_conversion_rate': 'DOUBLE', 'usage': 'STRUCT(amount DOUBLE, unit VARCHAR, amount_in_pricing_units DOUBLE, pricing_unit VARCHAR)',
'credits': 'STRUCT("name" VARCHAR, amount DOUBLE, id VARCHAR, "type" VARCHAR)[]', 'invoice': 'STRUCT("month" VARCHAR)', 'cost_type': 'VARCHAR', 'resource': 'STRUCT("name" VARCHAR, global_name VARCHAR)',
'price': 'STRUCT(list_price DECIMAL(38,9), effective_price_default DECIMAL(38,9))', 'cost_at_list': 'DOUBLE', 'cost_at_effective_price_default': 'DOUBLE',
'consumption_model': 'STRUCT(id VARCHAR, description VARCHAR)', 'subscription': 'STRUCT(instance_id VARCHAR)'}`

// googleWriter writes a month in both forms of text.
type googleWriter struct {
	lines *json.Encoder
	table *csv.Writer
	cells []string
	// fee is a commitment's fee for a day, kept until it is known how much of it lay idle, which the FOCUS export says in the next row.
	fee *googleFee
}

type googleFee struct {
	row                          *googleRow
	paid, idle, list, contracted decimal.Decimal
	day                          string
}

func writeGoogle(bill, to, month string) (err error) {
	lines := filepath.Join(to, "google-detailed", googleTable, month, "000000000000.json.gz")
	table := filepath.Join(to, "google-detailed-csv", month+".csv")
	for _, p := range []string{lines, table} {
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return err
		}
	}
	jsonFile, err := os.Create(lines)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, jsonFile.Close()) }()
	csvFile, err := os.Create(table)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, csvFile.Close()) }()
	out := bufio.NewWriterSize(jsonFile, 1<<16)
	z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(csvFile, 1<<16)
	w := &googleWriter{lines: json.NewEncoder(z), table: csv.NewWriter(buffered)}
	w.lines.SetEscapeHTML(false)
	if err := w.table.Write(googleHeader); err != nil {
		return err
	}
	if err := eachRow(bill, w.add); err != nil {
		return err
	}
	if err := w.endFee(); err != nil {
		return err
	}
	w.table.Flush()
	return cmp.Or(w.table.Error(), buffered.Flush(), z.Close(), out.Flush())
}

// add writes a row of the FOCUS export as a row of Google's.
func (w *googleWriter) add(r row) error {
	num := func(column string) (decimal.Decimal, error) {
		if v := r.get(column); v != "" {
			return decimal.NewFromString(v)
		}
		return decimal.Zero, nil
	}
	var n [8]decimal.Decimal
	for i, c := range []string{"BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity", "PricingQuantity"} {
		var err error
		if n[i], err = num(c); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	billed, effective, list, contracted := n[0], n[1], n[2], n[3]
	day := r.get("ChargePeriodStart")
	if r.get("CommitmentDiscountStatus") == "Unused" && w.fee != nil && w.fee.row.Commitment.ID == r.get("CommitmentDiscountId") && w.fee.day == day {
		w.fee.idle, w.fee.list, w.fee.contracted = w.fee.idle.Add(effective), w.fee.list.Add(list), w.fee.contracted.Add(contracted)
		return w.endFee()
	}
	if err := w.endFee(); err != nil {
		return err
	}
	g := &googleRow{
		Account: r.get("BillingAccountId"), Service: googleThing{googleID(r.get("ServiceName")), r.get("ServiceName")}, Currency: r.get("BillingCurrency"), Rate: 1,
		Seller: "Google", Deal: "GOOGLE", Kind: "regular", Labels: []googleLabel{}, System: []googleLabel{}, Tags: []googleTag{}, Credits: []googleCredit{},
		List: floatOf(list), Contracted: floatOf(contracted),
	}
	var err error
	if g.Start, err = googleTime(day, 0); err != nil {
		return err
	}
	if g.End, err = googleTime(r.get("ChargePeriodEnd"), 0); err != nil {
		return err
	}
	if g.Exported, err = googleTime(r.get("ChargePeriodEnd"), 6*time.Hour); err != nil {
		return err
	}
	g.Invoice.Month = strings.ReplaceAll(r.get("BillingPeriodStart")[:7], "-", "")
	if id := r.get("SkuId"); id != "" {
		g.SKU = &googleThing{id, r.get("SkuMeter")}
	}
	if id := r.get("SubAccountId"); id != "" {
		g.Project = &googleProject{id, strconv.FormatUint(uint64(hashOf(id))+100_000_000_000, 10), r.get("SubAccountName"), []googleLabel{}}
	}
	if id := r.get("RegionId"); id != "" {
		g.Location = &googleLocation{id, id}
	}
	if id := r.get("ResourceId"); id != "" {
		g.Resource = &googleResource{r.get("ResourceName"), id}
	}
	if r.get("ConsumedUnit") != "" {
		g.Usage = &googleUsage{n[4].InexactFloat64(), r.get("ConsumedUnit"), n[5].InexactFloat64(), r.get("PricingUnit")}
	}
	if r.get("ListUnitPrice") != "" {
		g.Price = &googlePrice{r.get("ListUnitPrice"), r.get("ContractedUnitPrice")}
	}
	if err := g.label(r); err != nil {
		return err
	}
	cost := billed
	switch {
	case r.get("ChargeCategory") == "Tax":
		g.Kind, g.List, g.Contracted = "tax", nil, nil
	case r.get("ChargeCategory") == "Credit": // in full on a row of its own, with the list cost that FOCUS gives it
		cost = decimal.Zero
		g.Credits = append(g.Credits, googleCredit{r.get("ChargeDescription"), billed.InexactFloat64(), "promotion-1", "PROMOTION"})
	case r.get("ChargeCategory") == "Purchase":
		g.Commitment = &googleCommitment{r.get("CommitmentDiscountId")}
		w.fee = &googleFee{row: g, paid: billed, list: list, contracted: contracted, day: day}
		return nil
	case r.get("CommitmentDiscountStatus") == "Used":
		cost = effective
		g.Model = &googleThing{googleID(r.get("CommitmentDiscountType")), r.get("CommitmentDiscountType")}
	}
	g.Cost = cost.InexactFloat64()
	return w.write(g)
}

// endFee writes the fee that is kept, with the offset for what was used of it.
func (w *googleWriter) endFee() error {
	f := w.fee
	if f == nil {
		return nil
	}
	w.fee = nil
	f.row.Cost, f.row.List, f.row.Contracted = f.paid.InexactFloat64(), floatOf(f.list), floatOf(f.contracted)
	f.row.Credits = append(f.row.Credits, googleCredit{"Fee utilization offset", f.idle.Sub(f.paid).InexactFloat64(), f.row.Commitment.ID, "FEE_UTILIZATION_OFFSET"})
	return w.write(f.row)
}

// label puts tags where Google has them: the environment as a tag that is inherited, all else as labels. The project has labels of the
// same names with other values, which do not count.
func (g *googleRow) label(r row) error {
	if t := r.get("Tags"); t != "" {
		var tags map[string]string
		if err := json.Unmarshal([]byte(t), &tags); err != nil {
			return fmt.Errorf("tags %s: %w", t, err)
		}
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			if k == "env" {
				g.Tags = append(g.Tags, googleTag{k, tags[k], true, "mayfly.example"})
				g.Project.Labels = append(g.Project.Labels, googleLabel{k, "unset"})
				continue
			}
			g.Labels = append(g.Labels, googleLabel{k, tags[k]})
			if k == "owner" {
				g.Project.Labels = append(g.Project.Labels, googleLabel{k, "nobody"})
			}
		}
	}
	if d := r.get("SkuPriceDetails"); d != "" {
		var details struct{ InstanceType string }
		if err := json.Unmarshal([]byte(d), &details); err != nil {
			return fmt.Errorf("price details %s: %w", d, err)
		}
		if details.InstanceType != "" {
			g.System = append(g.System, googleLabel{"compute.googleapis.com/machine_spec", details.InstanceType})
		}
	}
	return nil
}

func (w *googleWriter) write(g *googleRow) error {
	if err := w.lines.Encode(g); err != nil {
		return err
	}
	w.cells = g.flat(w.cells[:0])
	return w.table.Write(w.cells)
}

// googleHeader are the columns of the flattened export.
var googleHeader = []string{
	"billing_account_id", "service.id", "service.description", "sku.id", "sku.description", "usage_start_time", "usage_end_time", "project.id", "project.number",
	"project.name", "project.labels", "labels", "system_labels", "location.location", "location.region", "tags", "export_time", "cost", "currency",
	"currency_conversion_rate", "usage.amount", "usage.unit", "usage.amount_in_pricing_units", "usage.pricing_unit", "credits", "invoice.month", "cost_type",
	"resource.name", "resource.global_name", "price.list_price", "price.effective_price_default", "cost_at_list", "cost_at_effective_price_default",
	"consumption_model.id", "consumption_model.description", "subscription.instance_id",
}

// flat are the cells of the row under googleHeader.
func (g *googleRow) flat(c []string) []string {
	thing := func(t *googleThing) []string {
		if t == nil {
			return []string{"", ""}
		}
		return []string{t.ID, t.Description}
	}
	c = append(c, g.Account, g.Service.ID, g.Service.Description)
	c = append(c, thing(g.SKU)...)
	c = append(c, pythonTime(g.Start), pythonTime(g.End))
	if p := g.Project; p != nil {
		c = append(c, p.ID, p.Number, p.Name, labelsJSON(p.Labels))
	} else {
		c = append(c, "", "", "", "[]")
	}
	c = append(c, labelsJSON(g.Labels), labelsJSON(g.System))
	if g.Location != nil {
		c = append(c, g.Location.Location, g.Location.Region)
	} else {
		c = append(c, "", "")
	}
	tags := make([]string, len(g.Tags))
	for i, t := range g.Tags {
		tags[i] = fmt.Sprintf("{'key': '%s', 'value': '%s', 'inherited': %s, 'namespace': '%s'}", t.Key, t.Value, map[bool]string{true: "True", false: "False"}[t.Inherited], t.Namespace)
	}
	c = append(c, "["+strings.Join(tags, ", ")+"]", pythonTime(g.Exported), pythonFloat(g.Cost), g.Currency, pythonFloat(g.Rate))
	if u := g.Usage; u != nil {
		c = append(c, pythonFloat(u.Amount), u.Unit, pythonFloat(u.Priced), u.Pricing)
	} else {
		c = append(c, "", "", "", "")
	}
	credits := make([]string, len(g.Credits))
	for i, k := range g.Credits {
		credits[i] = fmt.Sprintf("{'name': '%s', 'amount': %s, 'full_name': None, 'id': '%s', 'type': '%s'}", k.Name, pythonFloat(k.Amount), k.ID, k.Type)
	}
	c = append(c, "["+strings.Join(credits, ", ")+"]", g.Invoice.Month, g.Kind)
	if r := g.Resource; r != nil {
		c = append(c, r.Name, r.Global)
	} else {
		c = append(c, "", "")
	}
	if p := g.Price; p != nil {
		c = append(c, p.List, p.Contracted)
	} else {
		c = append(c, "", "")
	}
	for _, f := range []*float64{g.List, g.Contracted} {
		if f == nil {
			c = append(c, "")
		} else {
			c = append(c, pythonFloat(*f))
		}
	}
	c = append(c, thing(g.Model)...)
	if g.Commitment != nil {
		return append(c, g.Commitment.ID)
	}
	return append(c, "")
}

func labelsJSON(labels []googleLabel) string {
	b, _ := json.Marshal(labels) // of strings alone: it cannot fail
	return string(b)
}

// pythonFloat writes a number as Python's repr does: 10.0, 5e-06.
func pythonFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// googleTime writes a time as BigQuery does in JSON; pythonTime the same as a DataFrame does.
func googleTime(stamp string, later time.Duration) (string, error) {
	t, err := time.Parse(time.RFC3339, stamp)
	return t.Add(later).Format("2006-01-02 15:04:05 UTC"), err
}

func pythonTime(s string) string { return strings.Replace(s, " UTC", "+00:00", 1) }

func floatOf(d decimal.Decimal) *float64 {
	f := d.InexactFloat64()
	return &f
}

func hashOf(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}

// googleID is an id of the form that Google gives to services, SKUs and consumption models.
func googleID(s string) string {
	h := fnv.New64a()
	h.Write([]byte(s))
	n := h.Sum64()
	return fmt.Sprintf("%04X-%04X-%04X", n&0xffff, n>>16&0xffff, n>>32&0xffff)
}

// parquetOfGoogle writes the JSON lines as Parquet.
func parquetOfGoogle(ctx context.Context, to string) error {
	root := filepath.Join(to, "google-detailed")
	files, err := filepath.Glob(filepath.Join(root, googleTable, "*", "*.json.gz"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "google-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(ctx, dir, store.Limits{}) // a store that nobody keeps: the way to the engine that writes Parquet
	if err != nil {
		return err
	}
	defer s.Close()
	w, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	for _, f := range files {
		rel, err := filepath.Rel(root, f)
		if err != nil {
			return err
		}
		out := filepath.Join(to, "google-detailed-parquet", strings.TrimSuffix(rel, ".json.gz")+".parquet")
		if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
			return err
		}
		err = w.Exec(ctx, fmt.Sprintf("COPY (SELECT * FROM read_json(%s, format='newline_delimited', compression='gzip', hive_partitioning=false, columns=%s)) TO %s (FORMAT parquet, COMPRESSION snappy)",
			store.QuoteLiteral(f), googleTypes, store.QuoteLiteral(out)))
		if err != nil {
			return fmt.Errorf("%s as Parquet: %w", rel, err)
		}
	}
	return nil
}
