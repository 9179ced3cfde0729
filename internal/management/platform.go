package management

import (
	"fmt"
	"maps"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// distinct refuses a platform by a name of which another one is recognised.
func (p *plan) distinct(f roster.Platform) error {
	catalogue := p.catalogue()
	clash := func(field, name string) error {
		if other, err := catalogue.Parse(name); err == nil && !strings.EqualFold(string(other), f.Name) {
			return invalid(field, fmt.Sprintf("got %q, want a name that does not mean %s already", name, other), "")
		}
		return nil
	}
	if err := clash("name", f.Name); err != nil {
		return err
	}
	for _, alias := range f.Aliases {
		if err := clash("aliases", alias); err != nil {
			return err
		}
	}
	return nil
}

// catalogue is the platforms that an operator added, as the plan leaves them.
func (p *plan) catalogue() device.Catalogue {
	if len(p.platforms) == 0 {
		return p.s.Replica.Catalogue()
	}
	all := maps.Clone(p.s.Replica.Platforms())
	if all == nil {
		all = map[string]state.Held[roster.Platform]{}
	}
	for key, held := range p.platforms {
		if held != nil {
			all[strings.ToLower(held.Record.Name)] = *held
			continue
		}
		maps.DeleteFunc(all, func(_ string, h state.Held[roster.Platform]) bool { return state.PlatformKey(h.Record.Name) == key })
	}
	return state.CatalogueOf(all)
}
