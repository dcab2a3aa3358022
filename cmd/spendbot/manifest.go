package main

import (
	_ "embed"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"spendbot/bot"
	"spendbot/bot/access"
	"spendbot/bot/jira"
	"spendbot/bot/slack"
)

// manifestOptions are what the configuration says of the app's manifest.
func (a *app) manifestOptions() (slack.ManifestOptions, error) {
	policy, err := access.New(a.cfg.Access)
	if err != nil {
		return slack.ManifestOptions{}, usageError{err}
	}
	c := a.cfg.Slack
	o := slack.ManifestOptions{Name: c.Name, Command: c.Command, FollowThreads: c.FollowThreads, Groups: len(policy.NeedsGroups()) > 0 || a.cfg.Declare.groups(),
		Shortcut: bot.ShortcutExplain, Prompts: []slack.Prompt{
			{Title: "Why did spend change last week?", Message: "why did spend change last week?"},
			{Title: "Top services this month", Message: "top 5 services this month"},
			{Title: "How fresh is the data?", Message: "how fresh is the data?"},
		}}
	if d := a.cfg.Declare; d != nil {
		o.Declare, o.DeclarePrivate = bot.ShortcutDeclare, d.Private
	}
	if _, connected, _ := jira.ReadConfig(); connected || a.cfg.Jira.Project != "" || a.jira != nil {
		o.Ticket = bot.ShortcutTicket
	}
	if c.Mode == modeHTTP {
		if c.URL == "" {
			return o, usageError{fmt.Errorf("with slack.mode http the manifest names where Slack reaches the bot: set slack.url, as https://spendbot.example.com")}
		}
		o.URL = c.URL
	}
	return o, nil
}

func (a *app) manifest() *cobra.Command {
	var why bool
	c := &cobra.Command{
		Use:   "manifest",
		Short: "Print the Slack app's manifest, to create the app from",
		Example: `  spendbot manifest > manifest.json
  spendbot manifest --why`,
		Args: exactArgs(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			o, err := a.manifestOptions()
			if err != nil {
				return err
			}
			if why {
				for _, s := range slack.Scopes(o) {
					fmt.Fprintf(a.stdout, "%-20s %s\n", s.Name, s.Why)
				}
				return nil
			}
			return encode(a.stdout, slack.Manifest(o))
		},
	}
	c.Flags().BoolVar(&why, "why", false, "list the permissions asked for, and what each is needed for")
	return c
}

// exampleConfig is the configuration, documented line by line.
//
//go:embed spendbot.example.yaml
var exampleConfig string

func (a *app) config() *cobra.Command {
	c := &cobra.Command{
		Use:     "config",
		Short:   "The configuration file",
		Example: "  spendbot config example > spendbot.yaml",
		Args:    aCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(&cobra.Command{
		Use:     "example",
		Short:   "Print a configuration with every setting in it, each explained",
		Example: "  spendbot config example > spendbot.yaml",
		Args:    exactArgs(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(a.stdout, exampleConfig)
			return err
		},
	})
	return c
}
