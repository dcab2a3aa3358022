package ingest

import (
	"context"
	"os"
	"testing"
)

func BenchmarkTallyFile(b *testing.B) {
	p := os.Getenv("SPENDBOT_BENCH_CSV")
	if p == "" {
		b.Skip("SPENDBOT_BENCH_CSV names no file")
	}
	src, err := open0(p)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(src.size)
	for b.Loop() {
		if _, err := readTally(context.Background(), src, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
