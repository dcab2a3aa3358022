package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/robfig/cron/v3"

	"spendbot/analysis/ingest/dialect"
	"spendbot/analysis/render"
	"spendbot/analysis/source"
)

// sourceConfig is a place where bills are delivered.
type sourceConfig struct {
	Name     string `yaml:"name"`
	URL      string `yaml:"url"`      // a folder, or s3://, gs://, azblob://
	Schedule string `yaml:"schedule"` // cron, when serve looks there; hourly when unset
	SLA      string `yaml:"sla"`      // how old the newest complete day may be, "36h"; unset: any age
	Format   string `yaml:"format"`   // a YAML mapping of a format of one's own
	Feed     string `yaml:"feed"`     // name of the feed; unset: each row's provider and billing account
	Currency string `yaml:"currency"` // of bills that name none, "EUR"
	Settle   string `yaml:"settle"`   // how long files without manifest must lie there
	Together bool   `yaml:"together"` // all that lies there is one delivery
	MaxBytes string `yaml:"max_size"` // of a delivery, "64GB"
}

// alertsConfig is who is told.
type alertsConfig struct {
	Channel string `yaml:"channel"` // id or #name
}

// defaultSchedule is how often a source is looked at where nothing else is said.
const defaultSchedule = "@hourly"

// checkSources checks the sources and fills in what is left out.
func (c *config) checkSources() error {
	names := map[string]bool{}
	for i := range c.Sources {
		s := &c.Sources[i]
		at := fmt.Sprintf("sources[%d]", i+1)
		if s.Name != "" {
			at = "sources: " + render.Clean(s.Name)
		}
		switch {
		case s.Name == "" || len(s.Name) > maxSource || render.Clean(s.Name) != s.Name || strings.ContainsAny(s.Name, "/\\") || s.Name == "." || s.Name == "..":
			return fmt.Errorf("%s: name is %q; write a plain word or two, by which people know it", at, s.Name)
		case names[s.Name]:
			return fmt.Errorf("%s: another source has the same name", at)
		case s.URL == "":
			return fmt.Errorf("%s: url is not set; write a folder, or s3://BUCKET/FOLDER, gs://BUCKET/FOLDER, azblob://CONTAINER/FOLDER", at)
		case len(s.Feed) > maxSource || render.Clean(s.Feed) != s.Feed:
			return fmt.Errorf("%s: feed is a name of up to %d plain characters", at, maxSource)
		}
		names[s.Name] = true
		if s.Schedule == "" {
			s.Schedule = defaultSchedule
		}
		if _, err := cron.ParseStandard(s.Schedule); err != nil {
			return fmt.Errorf("%s: schedule is %q; write a cron expression, as \"15 * * * *\" or @hourly", at, s.Schedule)
		}
		if err := source.Check(s.URL); err != nil {
			return fmt.Errorf("%s: url: %w", at, err)
		}
		if _, err := s.sla(); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if _, err := s.options("", false); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	if n := c.Alerts.Channel; n != "" && strings.ContainsAny(n, " \t\n") {
		return fmt.Errorf("alerts.channel is %q; write a channel's id or #name", n)
	}
	return nil
}

// sla is how old the newest complete day may be; 0 for any age.
func (s *sourceConfig) sla() (time.Duration, error) {
	if s.SLA == "" {
		return 0, nil
	}
	text := s.SLA
	if n, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.Atoi(n); err == nil && days < 10_000 {
			text = strconv.Itoa(24*days) + "h"
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Hour {
		return 0, fmt.Errorf("sla is %q; write how old the newest complete day may be, as 36h or 2d", s.SLA)
	}
	return d, nil
}

// options are the source's for the package; mapping is the hash of its mapping file.
func (s *sourceConfig) options(mapping string, again bool) (source.Options, error) {
	o := source.Options{Feed: s.Feed, Mapping: mapping, Together: s.Together, Again: again}
	if s.Currency != "" {
		if !ofThreeLetters.MatchString(s.Currency) {
			return o, fmt.Errorf("currency is %q; write its three letters, as EUR", s.Currency)
		}
		o.Mapping += " in " + s.Currency
	}
	if s.Settle != "" {
		d, err := time.ParseDuration(s.Settle)
		if err != nil || d < 0 {
			return o, fmt.Errorf("settle is %q; write how long files must lie there, as 10m", s.Settle)
		}
		if o.Settle = d; d == 0 {
			o.Settle = -1
		}
	}
	if s.MaxBytes != "" {
		n, err := parseBytes(s.MaxBytes)
		if err != nil {
			return o, fmt.Errorf("max_size is %q; write an amount, as 64GB", s.MaxBytes)
		}
		o.MaxBytes = n
	}
	return o, nil
}

// ofThreeLetters is how a currency is written.
var ofThreeLetters = regexp.MustCompile(`^[A-Z]{3}$`)

func parseBytes(s string) (int64, error) {
	if !memorySize.MatchString(s) {
		return 0, fmt.Errorf("%q is no amount of bytes", s)
	}
	n, err := humanize.ParseBytes(s)
	return int64(min(n, 1<<62)), err
}

// mapping reads the source's own format; nil where it has none.
func (s *sourceConfig) mapping() (list []*dialect.Dialect, hash string, err error) {
	if s.Format == "" {
		return nil, "", nil
	}
	text, err := os.ReadFile(s.Format)
	if err != nil {
		return nil, "", fmt.Errorf("the mapping of source %s: %w", s.Name, err)
	}
	d, err := dialect.Custom(text)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", filepath.Base(s.Format), err)
	}
	sum := sha256.Sum256(text)
	return []*dialect.Dialect{d}, hex.EncodeToString(sum[:]), nil
}
