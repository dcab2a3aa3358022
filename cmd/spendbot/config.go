package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"spendbot/analysis/allocation"
	"spendbot/analysis/ask"
	"spendbot/analysis/event"
	"spendbot/analysis/store"
	"spendbot/bot"
	"spendbot/bot/access"
)

// config is the configuration file. Unknown fields are errors: a misspelt one would silently do nothing.
type config struct {
	Store           string `yaml:"store"`             // folder of the cost store
	Memory          string `yaml:"memory"`            // what a query or a load may take, "1GB"
	Threads         int    `yaml:"threads"`           // default one per core
	FiscalYearStart string `yaml:"fiscal_year_start"` // month name: "April"
	WeekStart       string `yaml:"week_start"`        // weekday name, default Monday
	DayFirst        *bool  `yaml:"day_first"`         // 10/11 is 10 November; unset: ask
	Owners          string `yaml:"owners"`            // rules file that says whose each charge is
	Invoices        string `yaml:"invoices"`          // CSV of invoice totals to reconcile with

	Currency currencyConfig `yaml:"currency"` // what answers are in, and the rates

	Sources []sourceConfig `yaml:"sources"` // where bills are delivered
	Alerts  alertsConfig   `yaml:"alerts"`  // who is told of what is late

	Anomalies anomaliesConfig `yaml:"anomalies"` // what is worth telling
	Incidents incidentsConfig `yaml:"incidents"` // who is told of it, and how pressing it is

	Runbooks string `yaml:"runbooks"` // folder of the company's own

	Digests []digestConfig `yaml:"digests"` // which channels are sent what, and when

	Events eventsConfig `yaml:"events"` // where events happen that do not say so

	Jira jiraConfig `yaml:"jira"` // how tickets are made

	Allocation allocation.Config `yaml:"allocation"` // how shared costs are split

	Declare *declareConfig `yaml:"declare"` // how billing incidents are declared; nobody can where it is not there

	Slack  slackConfig   `yaml:"slack"`
	Access access.Config `yaml:"access"`
}

// slackConfig is how the bot lives in Slack. Tokens are not in it: they come from the environment.
type slackConfig struct {
	Mode          string `yaml:"mode"`           // socket (default) or http
	Listen        string `yaml:"listen"`         // health, metrics and, with http, Slack's requests
	URL           string `yaml:"url"`            // where Slack reaches it with http
	Command       string `yaml:"command"`        // the slash command, default /spend
	Name          string `yaml:"name"`           // of the app in the manifest
	FollowThreads bool   `yaml:"follow_threads"` // follow-ups in its threads need no mention
	Workers       int    `yaml:"workers"`        // events dealt with at once
	Seats         int    `yaml:"answers"`        // answers made at once, each with its own query connection
	Lease         string `yaml:"lease"`          // how long others wait for a process that went silent
}

const (
	modeSocket = "socket"
	modeHTTP   = "http"
)

// check fills in the defaults.
func (c *slackConfig) check() error {
	switch c.Mode {
	case "":
		c.Mode = modeSocket
	case modeSocket, modeHTTP:
	default:
		return fmt.Errorf("slack.mode is %q; write socket or http", c.Mode)
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
		if c.Mode == modeHTTP {
			c.Listen = ":8080"
		}
	}
	if c.Command == "" {
		c.Command = bot.DefaultCommand
	}
	if !strings.HasPrefix(c.Command, "/") || len(c.Command) < 2 || strings.ContainsAny(c.Command, " \t") {
		return fmt.Errorf("slack.command is %q; write one word with a slash, as /spend", c.Command)
	}
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return fmt.Errorf("slack.url is %q; write where Slack reaches the bot, as https://spendbot.example.com", c.URL)
		}
	}
	if c.Workers < 0 || c.Seats < 0 {
		return errors.New("slack.workers and slack.answers are counts; write 1 or more, or leave them out")
	}
	_, err := c.lease()
	return err
}

// shortestLease is longer than a delivery may take: a shorter one would have two processes at the same post.
const shortestLease = 25 * time.Second

func (c *slackConfig) lease() (time.Duration, error) {
	if c.Lease == "" {
		return bot.DefaultLease, nil
	}
	d, err := time.ParseDuration(c.Lease)
	if err != nil || d < shortestLease {
		return 0, fmt.Errorf("slack.lease is %q; write a duration of %s or more, as 45s", c.Lease, shortestLease)
	}
	return d, nil
}

func readConfig(path string) (config, error) {
	var c config
	if path == "" {
		return c, c.Slack.check()
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("configuration: %w", err)
	}
	err = yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&c)
	if err != nil && !errors.Is(err, io.EOF) {
		// Without the lines around it, which a decoder likes to quote: somebody may have put a token there.
		said := strings.TrimSpace(yaml.FormatError(err, false, false))
		switch {
		case namesSecret.MatchString(said):
			said += "; tokens come from the environment: SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET, or the files that SLACK_BOT_TOKEN_FILE and so on name"
		case strings.Contains(said, "unknown field"):
			said += "; `spendbot config example` prints every setting"
		}
		return c, fmt.Errorf("configuration %s: %s", path, said)
	}
	if r := c.Currency.Rates; r != "" && !filepath.IsAbs(r) { // as the other files that it names: from its own folder
		c.Currency.Rates = filepath.Join(filepath.Dir(path), r)
	}
	if _, err := c.askOptions(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if c.Runbooks != "" && !filepath.IsAbs(c.Runbooks) { // as the other files that it names: from its own folder
		c.Runbooks = filepath.Join(filepath.Dir(path), c.Runbooks)
	}
	if c.Invoices != "" && !filepath.IsAbs(c.Invoices) { // as the other files that it names: from its own folder
		c.Invoices = filepath.Join(filepath.Dir(path), c.Invoices)
	}
	if c.Memory != "" && !memorySize.MatchString(c.Memory) {
		return c, fmt.Errorf("configuration %s: memory is %q; write an amount, as 1GB", path, c.Memory)
	}
	if c.Threads < 0 {
		return c, fmt.Errorf("configuration %s: threads is %d; write how many cores a query may use, or leave it out", path, c.Threads)
	}
	if err := c.Slack.check(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if err := c.Currency.check(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if err := c.checkSources(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if _, err := allocation.New(c.Allocation, ""); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if err := c.Anomalies.check(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if _, err := c.Incidents.options(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if _, err := c.Declare.options(); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if _, err := event.NewRules(c.Events.Scopes); err != nil {
		return c, fmt.Errorf("configuration %s: events.scopes: %w", path, err)
	}
	policy, err := access.New(c.Access)
	if err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	if _, err := c.subscriptions(policy); err != nil {
		return c, fmt.Errorf("configuration %s: %w", path, err)
	}
	return c, nil
}

// namesSecret is what a field for a secret would be called.
var namesSecret = regexp.MustCompile(`(?i)unknown field ".*(token|secret|password).*"`)

// memorySize is how an amount of memory is written: 1GB, 512 MB, 1.5GiB.
var memorySize = regexp.MustCompile(`(?i)^[0-9]+(\.[0-9]+)? ?[kmgt]i?b$`)

func (c config) limits() store.Limits {
	return store.Limits{Memory: c.Memory, Threads: c.Threads, Guest: store.Self()}
}

func (c config) askOptions() (ask.Options, error) {
	o := ask.Options{DayFirst: c.DayFirst}
	var err error
	if o.Currencies, err = c.Currency.codes(); err != nil {
		return o, err
	}
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
