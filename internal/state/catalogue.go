package state

import (
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
)

// catalogueOf is a catalogue with what it was made of.
type catalogueOf struct {
	platforms *map[string]Held[roster.Platform]
	made      device.Catalogue
}

// Catalogue is the platforms that are on record, as devices are recognised by
// them. It is made once for each change of them, and read only.
func (r *Replica) Catalogue() device.Catalogue {
	v := r.view.Load()
	if v == nil {
		return nil
	}
	now := v.roster.platforms.things.Load()
	if now == nil {
		return nil
	}
	if c := r.catalogue.Load(); c != nil && c.platforms == now {
		return c.made
	}
	c := &catalogueOf{now, CatalogueOf(*now)}
	r.catalogue.Store(c)
	return c.made
}

// CatalogueOf makes a catalogue of platforms.
func CatalogueOf(platforms map[string]Held[roster.Platform]) device.Catalogue {
	c := make(device.Catalogue, len(platforms))
	for _, held := range platforms {
		c.Add(device.Platform(held.Record.Name), held.Record.Aliases...)
	}
	return c
}
