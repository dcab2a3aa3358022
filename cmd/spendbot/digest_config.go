package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"spendbot/bot/access"
	"spendbot/bot/digest"
	"spendbot/bot/state"
)

// digestConfig is a digest that a channel is sent.
type digestConfig struct {
	Channel   string `yaml:"channel"`    // an id, or a name with a #
	Kind      string `yaml:"kind"`       // weekly, daily or monthly
	At        string `yaml:"at"`         // "Monday 9:00", "the last day at 18:00"; the kind's own when empty
	Schedule  string `yaml:"schedule"`   // cron, in place of at
	Zone      string `yaml:"zone"`       // IANA name; UTC when empty
	Scope     string `yaml:"scope"`      // one of access.scopes; all that may be said in the channel when empty
	Wait      string `yaml:"wait"`       // how long it waits for bills that are not complete
	DropAfter string `yaml:"drop_after"` // how late it is still sent
}

// subscription checks a digest of the configuration and makes the subscription that it is.
func (c digestConfig) subscription(policy *access.Policy) (state.Digest, error) {
	d := state.Digest{Origin: state.DigestConfigured, Channel: strings.TrimSpace(c.Channel), Kind: c.Kind}
	if name, named := strings.CutPrefix(d.Channel, "#"); named && name != "" {
		d.Channel = "#" + strings.ToLower(name)
	} else if named || d.Channel == "" || !strings.HasPrefix(d.Channel, "C") && !strings.HasPrefix(d.Channel, "G") {
		return d, fmt.Errorf("channel is %q; write a channel's id, as C0123456, or its name with a #", c.Channel)
	}
	if !slices.Contains(digest.Kinds, digest.Kind(c.Kind)) {
		return d, fmt.Errorf("kind is %q; write weekly, daily or monthly", c.Kind)
	}
	spec := c.Schedule
	switch {
	case c.At != "" && c.Schedule != "":
		return d, fmt.Errorf("both at and schedule are given; write one of them")
	case c.Schedule == "":
		r, err := digest.Parse("digest subscribe " + c.Kind + " " + c.At)
		if err != nil || r.About != "" || r.Zone != "" {
			return d, fmt.Errorf("at is %q; write when, as Monday 9:00, the 3rd at 9:00 or the last day at 18:00; the zone goes under zone", c.At)
		}
		spec = r.Spec
	}
	s, err := digest.ParseSchedule(spec, c.Zone)
	if err != nil {
		return d, err
	}
	d.Spec, d.Zone = s.Spec, s.Zone.String()
	if c.Scope != "" {
		scope, ok := policy.Scopes()[c.Scope]
		if !ok {
			return d, fmt.Errorf("scope is %q; access.scopes defines no such scope", c.Scope)
		}
		d.Scope = scope
	}
	for _, x := range []struct {
		name, text string
		to         *time.Duration
	}{{"wait", c.Wait, &d.Wait}, {"drop_after", c.DropAfter, &d.DropAfter}} {
		if x.text == "" {
			continue
		}
		if *x.to, err = time.ParseDuration(x.text); err != nil || *x.to < time.Minute || *x.to > 31*24*time.Hour {
			return d, fmt.Errorf("%s is %q; write a duration from 1m to 744h, as 12h", x.name, x.text)
		}
	}
	d.ID = state.DigestID(d.Channel, d.Kind, c.Scope)
	return d, nil
}

// subscriptions are the digests of the configuration, checked.
func (c config) subscriptions(policy *access.Policy) ([]state.Digest, error) {
	var out []state.Digest
	for i, x := range c.Digests {
		d, err := x.subscription(policy)
		if err != nil {
			return nil, fmt.Errorf("digests[%d]: %w", i+1, err)
		}
		if slices.ContainsFunc(out, func(o state.Digest) bool { return o.ID == d.ID }) {
			return nil, fmt.Errorf("digests[%d]: %s has a %s digest with this scope already", i+1, d.Channel, d.Kind)
		}
		out = append(out, d)
	}
	return out, nil
}
