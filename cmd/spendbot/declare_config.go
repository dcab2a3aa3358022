package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"spendbot/bot"
)

// declareConfig is how billing incidents are declared. Where there is none, nobody can, and the app needs no permissions for it.
type declareConfig struct {
	Every   string                    `yaml:"every"`         // how often a status update comes
	Emoji   string                    `yaml:"emoji"`         // marks a message for the timeline
	Private bool                      `yaml:"private"`       // their channels
	Archive string                    `yaml:"archive_after"` // being closed; never where it is not set
	FinOps  inviteesConfig            `yaml:"finops"`
	Finance inviteesConfig            `yaml:"finance"`
	Owners  map[string]inviteesConfig `yaml:"owners"` // by team
}

type inviteesConfig struct {
	Users  []string `yaml:"users"`
	Groups []string `yaml:"groups"`
}

// shortestStatus is how often a status update may come at most: bills come a few times a day.
const shortestStatus = 15 * time.Minute

var (
	emojiName = regexp.MustCompile(`^[a-z0-9_+-]{1,60}$`)
	memberID  = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)
)

// options checks the section; its error names the field, the value and what may stand there.
func (c *declareConfig) options() (bot.DeclareOptions, error) {
	var o bot.DeclareOptions
	if c == nil {
		return o, nil
	}
	o.On, o.Private, o.Emoji = true, c.Private, strings.Trim(c.Emoji, ":")
	var errs []error
	wait := func(field, text string, least time.Duration) (d time.Duration) {
		if text == "" {
			return 0
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < least {
			errs = append(errs, fmt.Errorf("declare.%s is %q; write a duration of %s or more, as 4h", field, text, least))
		}
		return d
	}
	o.Every, o.Archive = wait("every", c.Every, shortestStatus), wait("archive_after", c.Archive, time.Hour)
	if o.Emoji != "" && !emojiName.MatchString(o.Emoji) {
		errs = append(errs, fmt.Errorf("declare.emoji is %q; write an emoji's name, as pushpin", c.Emoji))
	}
	who := func(field string, in inviteesConfig) bot.Invitees {
		for _, u := range in.Users {
			if !memberID.MatchString(u) {
				errs = append(errs, fmt.Errorf("declare.%s.users is %q; write a member's id, as U024BE7LH", field, u))
			}
		}
		for _, g := range in.Groups {
			if strings.Trim(g, "@ ") == "" {
				errs = append(errs, fmt.Errorf("declare.%s.groups is %q; write a user group's handle, as finops, or its id", field, g))
			}
		}
		return bot.Invitees{Users: in.Users, Groups: in.Groups}
	}
	o.FinOps, o.Finance = who("finops", c.FinOps), who("finance", c.Finance)
	for team, in := range c.Owners {
		if o.Owners == nil {
			o.Owners = map[string]bot.Invitees{}
		}
		o.Owners[team] = who("owners."+team, in)
	}
	return o, errors.Join(errs...)
}

// groups reports whether the section names user groups, which the app must be allowed to read then.
func (c *declareConfig) groups() bool {
	if c == nil {
		return false
	}
	n := len(c.FinOps.Groups) + len(c.Finance.Groups)
	for _, in := range c.Owners {
		n += len(in.Groups)
	}
	return n > 0
}
