package store

import (
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"

	"spendbot/analysis/focus"
)

// MoneyPrecision and MoneyScale are the DECIMAL of every amount, price and quantity in the store. Eighteen digits after
// the point hold every export seen so far (15 is the most found), twenty before it every currency. A value with more
// digits is refused on load; it is never rounded.
const (
	MoneyPrecision = 38
	MoneyScale     = 18
)

// Column is a column of a stored table.
type Column struct {
	Name string
	Type focus.Type
}

// SQLType is the column's type in DuckDB and in the Parquet files.
func (c Column) SQLType() string { return sqlType(c.Type) }

func sqlType(t focus.Type) string {
	switch t {
	case focus.Decimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", MoneyPrecision, MoneyScale)
	case focus.DateTime:
		return "TIMESTAMP"
	case typeDate:
		return "DATE"
	case typeCount:
		return "BIGINT"
	default:
		return "VARCHAR"
	}
}

// Types only the store has.
const (
	typeDate  focus.Type = "Date"
	typeCount focus.Type = "Count"
)

// Names of the columns that the store adds, beside those in the focus registry.
const (
	ColSource     = "x_Source"     // the feed a row came from; with the billing period it is what a load replaces
	ColSourceFile = "x_SourceFile" // the file a row came from
	ColLoadID     = "x_LoadId"     // the load that brought it
	ColPeriod     = "BillingPeriodStart"
	ColProvider   = "ServiceProviderName"
)

// ChargeColumns are the columns of the line items: every column of the focus registry, each once.
func ChargeColumns() []Column {
	var cols []Column
	for _, c := range focus.Stored() {
		cols = append(cols, Column{c.Name, c.Type})
	}
	return cols
}

// dailyKeys are the columns the rollup groups by, beside the day. ChargeDescription is kept for charges other than usage,
// where it says what the one-time charge was; Tags holds the keys that have few enough values to be dimensions.
var dailyKeys = []Column{
	{ColPeriod, focus.DateTime}, {ColSource, focus.String}, {ColProvider, focus.String},
	{"BillingAccountId", focus.String}, {"BillingAccountName", focus.String},
	{"SubAccountId", focus.String}, {"SubAccountName", focus.String},
	{"ServiceCategory", focus.String}, {"ServiceName", focus.String}, {"PublisherName", focus.String},
	{"SkuId", focus.String}, {"SkuPriceId", focus.String}, {"x_UsageType", focus.String}, {"x_InstanceType", focus.String},
	{"RegionId", focus.String}, {"PricingUnit", focus.String}, {"ConsumedUnit", focus.String},
	{"ChargeCategory", focus.String}, {"ChargeClass", focus.String}, {"ChargeFrequency", focus.String},
	{"ChargeDescription", focus.String}, {"PricingCategory", focus.String},
	{"CommitmentDiscountId", focus.String}, {"CommitmentDiscountType", focus.String},
	{"CommitmentDiscountStatus", focus.String},
	{"BillingCurrency", focus.String}, {"PricingCurrency", focus.String}, {"Tags", focus.JSON},
}

// dailyMeasures are summed. A cost that is null in every row of a group stays null: unknown is not zero.
var dailyMeasures = []string{
	"BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "PricingCurrencyEffectiveCost",
	"PricingQuantity", "ConsumedQuantity",
}

// Daily columns that the rollup makes.
const (
	colChargeStart = "ChargePeriodStart"
	ColDay         = "ChargeDate"    // the UTC day of ChargePeriodStart
	ColSpanDays    = "x_SpanDays"    // how many days the charge period spans: 1 for hourly and daily rows, 28 to 31 for monthly ones
	ColRows        = "x_Rows"        // line items rolled up
	ColNoEffective = "x_NoEffective" // of these, rows without an EffectiveCost
	// ColSquare is the square of EffectiveCost in hundredths, as a whole number, for the noise of daily costs: whole numbers
	// add up the same in any order. Making it of a DECIMAL(38,18) takes longer than all else that a question does with a row.
	ColSquare = "x_EffectiveSquare"
)

// DailyKeys are the rollup's grouping columns, the day and the span not counted.
func DailyKeys() []Column { return dailyKeys }

// DailyMeasures are the rollup's summed columns, all DECIMAL.
func DailyMeasures() []string { return dailyMeasures }

// SquareSQL is the expression for the square of a cost, as [ColSquare] has it of EffectiveCost; null where it does not fit.
func SquareSQL(cost string) string {
	return "TRY_CAST(round(100 * CAST(" + cost + " AS DOUBLE) * CAST(" + cost + " AS DOUBLE)) AS BIGINT)"
}

// DailyColumns are the columns of the rollup.
func DailyColumns() []Column {
	cols := append([]Column{{ColDay, typeDate}, {ColSpanDays, typeCount}}, dailyKeys...)
	for _, m := range dailyMeasures {
		cols = append(cols, Column{m, focus.Decimal})
	}
	return append(cols, Column{ColRows, typeCount}, Column{ColNoEffective, typeCount}, Column{ColSquare, typeCount})
}

func icebergSchema(cols []Column) *iceberg.Schema {
	fields := make([]iceberg.NestedField, len(cols))
	for i, c := range cols {
		fields[i] = iceberg.NestedField{ID: i + 1, Name: c.Name, Type: icebergType(c.Type)}
	}
	return iceberg.NewSchema(0, fields...)
}

func icebergType(t focus.Type) iceberg.Type {
	switch t {
	case focus.Decimal:
		return iceberg.DecimalTypeOf(MoneyPrecision, MoneyScale)
	case focus.DateTime:
		return iceberg.PrimitiveTypes.Timestamp
	case typeDate:
		return iceberg.PrimitiveTypes.Date
	case typeCount:
		return iceberg.PrimitiveTypes.Int64
	default:
		return iceberg.PrimitiveTypes.String
	}
}

// partitionSpec partitions both tables by feed, provider and billing period: exactly what a restated export replaces.
func partitionSpec(sc *iceberg.Schema) (iceberg.PartitionSpec, error) {
	var fields []iceberg.PartitionField
	for i, p := range []struct {
		column, name string
		transform    iceberg.Transform
	}{
		{ColSource, "source", iceberg.IdentityTransform{}},
		{ColProvider, "provider", iceberg.IdentityTransform{}},
		{ColPeriod, "billing_month", iceberg.MonthTransform{}},
	} {
		f, ok := sc.FindFieldByName(p.column)
		if !ok {
			return iceberg.PartitionSpec{}, fmt.Errorf("no column %s to partition by", p.column)
		}
		fields = append(fields, iceberg.PartitionField{
			SourceIDs: []int{f.ID}, FieldID: partitionFieldBase + i, Name: p.name, Transform: p.transform,
		})
	}
	return iceberg.NewPartitionSpec(fields...), nil
}

// partitionFieldBase is where Iceberg numbers partition fields from.
const partitionFieldBase = 1000

// quoteIdent quotes an identifier of our own for SQL.
func quoteIdent(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// QuoteLiteral quotes a string for the few statements (DuckDB's COPY and read functions) that take no parameters; it is
// used for file paths and column names of exports, never for anything a person typed into a question.
func QuoteLiteral(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
