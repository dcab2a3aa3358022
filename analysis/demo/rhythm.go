package demo

import "time"

// hash mixes words into one; it is splitmix64 chained. Every random choice is a hash of what it is about (seed, line,
// day), never the next number of a stream, so that adding a line changes no other.
func hash(words ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, w := range words {
		h ^= w
		h += 0x9e3779b97f4a7c15
		h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9
		h = (h ^ (h >> 27)) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

func hashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return hash(h)
}

// noise is a factor in parts per million around 1: bell-shaped (the sum of four uniforms), with a standard deviation of
// percent, and never further than about 3.5 of them.
func noise(h uint64, percent int64) int64 {
	sum := int64(h&0xffff) + int64(h>>16&0xffff) + int64(h>>32&0xffff) + int64(h>>48) - 2*65535
	return one + sum*percent*10_000/37_837
}

// rhythms give the weight of each weekday (Sunday first) in parts per million.
var rhythms = map[string][7]int64{
	"flat":    {one, one, one, one, one, one, one},
	"traffic": {960_000, 1_010_000, 1_015_000, 1_015_000, 1_020_000, 1_010_000, 970_000},
	"office":  {420_000, 1_200_000, 1_240_000, 1_250_000, 1_230_000, 1_180_000, 480_000},
	"batch":   {880_000, 1_060_000, 1_040_000, 1_030_000, 1_030_000, 1_040_000, 920_000},
}

// hours give the weight of each UTC hour for lines that follow people; the others run evenly.
var hours = [24]int64{62, 55, 50, 48, 48, 52, 62, 76, 92, 104, 110, 112, 114, 120, 128, 134, 136, 134, 128, 120, 110, 98, 84, 72}

// rhythm is the factor of a day: its weekday, and for batch work the closing of the books on the first two days of a month.
func rhythm(name string, day time.Time) int64 {
	f := rhythms[name][day.Weekday()]
	if name == "batch" && day.Day() <= 2 {
		f = f * 118 / 100
	}
	return f
}

// dailyGrowth is what a day grows by, in 1e-12, for a growth of so many percent in a quarter (91.25 days).
var dailyGrowth = map[int]int64{
	0: 1_000_000_000_000,
	5: 1_000_534_829_701,
	6: 1_000_638_767_302,
	7: 1_000_741_739_594,
	8: 1_000_843_764_439,
}

// growthTable gives the factor in 1e-12 of the day so many days before the last one, for a growth in percent a quarter.
func growthTable(percent, days int) []int64 {
	t := make([]int64, days)
	f := int64(1_000_000_000_000)
	for i := range t {
		t[i] = f
		f = mulDiv(f, 1_000_000_000_000, dailyGrowth[percent])
	}
	return t
}
