package state

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// recorded lists the channels on record by their programmer, sorted.
func (v *view) recorded() map[string][]string {
	lists := map[string][]string{}
	for _, ch := range v.roster.channels.all() {
		lists[ch.Record.Programmer] = append(lists[ch.Record.Programmer], ch.Record.ID)
	}
	for _, list := range lists {
		slices.Sort(list)
	}
	return lists
}

// withRecorded tells an application for all channels on record which these
// are, so that a request's decision looks at nothing but the application.
func withRecorded(a *application.Application, recorded map[string][]string) *application.Application {
	if !a.AllChannels || !a.OnlyRecorded {
		return a
	}
	told := *a
	told.Recorded = recorded[a.Programmer]
	return &told
}

// applyChannel makes a write of a channel true, and tells the applications.
func (v *view) applyChannel(w plugins.Write) error {
	id := strings.TrimPrefix(w.Key, channelPrefix)
	before, had := v.roster.channels.all()[id]
	if err := v.roster.apply(w.Key, w.Value); err != nil {
		return err
	}
	after, has := v.roster.channels.all()[id]
	if had && has && before.Record.ID == after.Record.ID && before.Record.Programmer == after.Record.Programmer {
		return nil
	}
	concerned := []string{before.Record.Programmer, after.Record.Programmer}
	recorded := v.recorded()
	var told []*application.Application
	v.applications.All(func(_ uuid.UUID, a *application.Application) bool {
		if a.AllChannels && a.OnlyRecorded && slices.Contains(concerned, a.Programmer) {
			told = append(told, withRecorded(a, recorded))
		}
		return true
	})
	for _, a := range told {
		v.applications.Put(a.ID, a)
	}
	return nil
}
