package main

import (
	_ "github.com/gofrs/flock"
	_ "github.com/goccy/go-yaml"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/jedib0t/go-pretty/v6/table"
	_ "github.com/klauspost/compress/gzip"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/marcboeker/go-duckdb/v2"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/schollz/progressbar/v3"
	_ "github.com/shopspring/decimal"
	_ "github.com/spf13/cobra"
	_ "modernc.org/sqlite"
	_ "pgregory.net/rapid"
	_ "github.com/mattn/go-isatty"
	_ "golang.org/x/term"
	_ "golang.org/x/sync/errgroup"
)
