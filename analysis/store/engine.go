package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// OpenEngine starts a DuckDB that may read files, for looking at an export before it is loaded. stop ends it.
func OpenEngine(ctx context.Context, l Limits) (e *Engine, stop func() error, err error) {
	tmp := filepath.Join(os.TempDir(), fmt.Sprintf("spendbot-look-%016x", rand.Uint64()))
	e, err = newEngine(ctx, l, tmp)
	if err != nil {
		return nil, nil, err
	}
	return e, func() error { return errors.Join(e.close(), os.RemoveAll(tmp)) }, nil
}
