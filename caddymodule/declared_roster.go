package caddymodule

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
)

// declaredRoster is whom the configuration owns: programmers and channels, by
// their ids.
type declaredRoster struct {
	programmers map[string]roster.Programmer
	channels    map[string]roster.Channel
}

// declaredRoster reads the programmers and channels that the configuration
// owns. Nothing in them is made up here, so that every gateway that reads the
// same file has the same.
func (a *App) declaredRoster() (declaredRoster, error) {
	d := declaredRoster{programmers: map[string]roster.Programmer{}, channels: map[string]roster.Channel{}}
	for _, config := range a.Programmers {
		p := roster.Programmer{
			ID: config.ID, Name: config.Name, CustomSchemes: slices.Clone(config.Schemes), Story: roster.Story{Declared: true},
		}
		if err := p.Normalize(); err != nil {
			return d, fmt.Errorf("programmer %q: %w", config.ID, err)
		}
		if _, taken := d.programmers[p.ID]; taken {
			return d, fmt.Errorf("programmer %q: id: it is given twice; write one block", p.ID)
		}
		d.programmers[p.ID] = p
		for _, channel := range config.Channels {
			if err := d.addChannel(p.ID, channel); err != nil {
				return d, fmt.Errorf("programmer %q: channel %q: %w", p.ID, channel.ID, err)
			}
		}
	}
	return d, nil
}

func (d declaredRoster) addChannel(programmer string, config DeclaredChannel) error {
	ch := roster.Channel{
		ID: config.ID, Programmer: programmer, Name: config.Name, Domains: slices.Clone(config.Domains),
		DefaultRedirectURL: config.DefaultRedirectURL, CustomSchemes: slices.Clone(config.Schemes), Story: roster.Story{Declared: true},
	}
	if err := ch.Normalize(); err != nil {
		return err
	}
	if other, taken := d.channel(ch.ID); taken {
		return fmt.Errorf("id: %s is a channel of %s already, and ids that differ in case alone are one", other.ID, other.Programmer)
	}
	d.channels[ch.ID] = ch
	return nil
}

// channel finds a declared channel, in any spelling of its id.
func (d declaredRoster) channel(id string) (roster.Channel, bool) {
	for own, ch := range d.channels {
		if strings.EqualFold(own, id) {
			return ch, true
		}
	}
	return roster.Channel{}, false
}

// settle holds a declared application to the declared channels, as one that is
// created is held to those on record: it names no channel of another
// programmer, "all" are the declared ones where there are any, and it inherits
// from them. What is in the store does not count, since the same file has to
// mean the same everywhere.
func (d declaredRoster) settle(a *application.Application) error {
	var faults []error
	var channels []roster.Channel
	for i, id := range a.Channels {
		ch, found := d.channel(id)
		if found && (ch.Programmer != a.Programmer || ch.ID != id) {
			faults = append(faults, fmt.Errorf("channels[%d]: got %q, but %s is a channel of %s", i, id, ch.ID, ch.Programmer))
		}
		if found {
			channels = append(channels, ch)
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	if own := d.channelsOf(a.Programmer); a.AllChannels && len(own) > 0 {
		a.OnlyRecorded, a.Recorded = true, own
	}
	roster.Inherit(a, d.programmers[a.Programmer], channels...)
	return nil
}

// channelsOf lists the ids of a programmer's declared channels, sorted.
func (d declaredRoster) channelsOf(programmer string) []string {
	var ids []string
	for id, ch := range d.channels {
		if ch.Programmer == programmer {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
