package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"spendbot/analysis/explain"
)

// predictFlat reads a table "dim,...,real,predict" and searches it by relative change. The seconds are the search's.
func predictFlat(path string) (prediction, error) {
	dims, real, predict, err := readFlat(path)
	if err != nil {
		return prediction{}, err
	}
	start := time.Now()
	causes := explain.Ratio(dims, real, predict)
	p := prediction{Seconds: since(start), RootCauses: []string{}}
	for _, c := range causes {
		parts := make([]string, len(c.Conditions))
		for i, cond := range c.Conditions {
			parts[i] = dims[cond.Dim].Name + "=" + dims[cond.Dim].Values[cond.Code]
		}
		sort.Strings(parts)
		p.RootCauses = append(p.RootCauses, strings.Join(parts, "&"))
	}
	return p, nil
}

// readFlat reads fields by hand: values of these tables hold no quotes, and there are hundreds of thousands of rows.
func readFlat(path string) (dims []explain.Dim, real, predict []float64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, nil, nil, err
	}
	sc := bufio.NewScanner(z)
	line := 0
	var index []map[string]int32
	for sc.Scan() {
		line++
		fields := strings.Split(strings.TrimRight(sc.Text(), "\r"), ",")
		if line == 1 {
			n := len(fields) - 2
			if n < 1 || fields[n] != "real" || fields[n+1] != "predict" {
				return nil, nil, nil, fmt.Errorf("header %q; expected dimensions, real, predict", sc.Text())
			}
			for _, name := range fields[:n] {
				dims = append(dims, explain.Dim{Name: name})
				index = append(index, map[string]int32{})
			}
			continue
		}
		if len(fields) != len(dims)+2 {
			return nil, nil, nil, fmt.Errorf("line %d has %d fields, the header %d", line, len(fields), len(dims)+2)
		}
		for i := range dims {
			c, ok := index[i][fields[i]]
			if !ok {
				c = int32(len(dims[i].Values))
				v := strings.Clone(fields[i])
				index[i][v] = c
				dims[i].Values = append(dims[i].Values, v)
			}
			dims[i].Codes = append(dims[i].Codes, c)
		}
		r, err := strconv.ParseFloat(fields[len(dims)], 64)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("line %d: real: %w", line, err)
		}
		p, err := strconv.ParseFloat(fields[len(dims)+1], 64)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("line %d: predict: %w", line, err)
		}
		real, predict = append(real, r), append(predict, p)
	}
	return dims, real, predict, sc.Err()
}
