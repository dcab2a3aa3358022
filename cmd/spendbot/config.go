package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"spendbot/analysis/ask"
	"spendbot/analysis/store"
)

// config is the configuration file. Unknown fields are errors: a misspelt one would silently do nothing.
type config struct {
	Store           string `yaml:"store"`             // folder of the cost store
	Memory          string `yaml:"memory"`            // what a query or a load may take, "1GB"
	Threads         int    `yaml:"threads"`           // default one per core
	FiscalYearStart string `yaml:"fiscal_year_start"` // month name: "April"
	WeekStart       string `yaml:"week_start"`        // weekday name, default Monday
	DayFirst        *bool  `yaml:"day_first"`         // 10/11 is 10 November; unset: ask
}

func readConfig(path string) (config, error) {
	var c config
	if path == "" {
		return c, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	err = yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&c)
	if err != nil && !errors.Is(err, io.EOF) {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if _, err := c.askOptions(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if c.Memory != "" && !memorySize.MatchString(c.Memory) {
		return c, fmt.Errorf("configuration %s: memory is %q; write an amount, as 1GB", path, c.Memory)
	}
	if c.Threads < 0 {
		return c, fmt.Errorf("configuration %s: threads is %d; write how many cores a query may use, or leave it out", path, c.Threads)
	}
	return c, nil
}

// memorySize is how an amount of memory is written: 1GB, 512 MB, 1.5GiB.
var memorySize = regexp.MustCompile(`(?i)^[0-9]+(\.[0-9]+)? ?[kmgt]i?b$`)

func (c config) limits() store.Limits { return store.Limits{Memory: c.Memory, Threads: c.Threads} }

func (c config) askOptions() (ask.Options, error) {
	o := ask.Options{DayFirst: c.DayFirst}
	if c.FiscalYearStart != "" {
		for m := time.January; m <= time.December; m++ {
			if strings.EqualFold(m.String(), c.FiscalYearStart) {
				o.FiscalYearStart = m
			}
		}
		if o.FiscalYearStart == 0 {
			return o, fmt.Errorf("fiscal_year_start is %q; write a month, as April", c.FiscalYearStart)
		}
	}
	if c.WeekStart != "" {
		for d := time.Sunday; d <= time.Saturday; d++ {
			if strings.EqualFold(d.String(), c.WeekStart) {
				o.WeekStart = &d
			}
		}
		if o.WeekStart == nil {
			return o, fmt.Errorf("week_start is %q; write a weekday, as Sunday", c.WeekStart)
		}
	}
	return o, nil
}
