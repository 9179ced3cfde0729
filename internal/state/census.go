package state

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// censusKey holds what was counted last. The counts of applications,
// statements and networks lie beside it in parts, under the census's own name, so that
// nobody reads half of one census and half of the next.
const censusKey = "census"

// censusPart is how many counts one part holds.
const censusPart = 2000

// Census is what was counted when somebody last went through all clients.
// Times are Unix milliseconds by the store's clock.
type Census struct {
	BeganAt    int64 `cbor:"1,keyasint"`
	FinishedAt int64 `cbor:"2,keyasint"`
	// By is the gateway that counted.
	By string `cbor:"3,keyasint"`
	// Since is from when on a census was never long overdue, and so from when
	// on the days of clients' last uses are known to be complete: a store that
	// was restored from an old backup begins anew.
	Since int64 `cbor:"4,keyasint"`
	// Live counts the clients that nothing stops, by platform.
	Live map[string]uint64 `cbor:"5,keyasint,omitempty"`
	// Stopped counts those that a kill stops.
	Stopped uint64 `cbor:"6,keyasint,omitempty"`
	// Unreadable counts records that this version cannot read.
	Unreadable uint64 `cbor:"7,keyasint,omitempty"`
	// Unused counts those that were not used for as long as the reaper says,
	// and Removed those of them that it has removed.
	Unused  uint64 `cbor:"8,keyasint,omitempty"`
	Removed uint64 `cbor:"9,keyasint,omitempty"`
	// Parts is in how many parts the counts below lie.
	Parts int `cbor:"10,keyasint,omitempty"`
	// NetworksShort is by how many live clients the count of a network may be
	// too low, also of one that has none.
	NetworksShort uint64 `cbor:"11,keyasint,omitempty"`

	// NewestParts is in how many parts the newest clients lie.
	NewestParts int `cbor:"12,keyasint,omitempty"`

	Applications map[uuid.UUID]ApplicationCount `cbor:"-"`
	Statements   map[uuid.UUID]uint64           `cbor:"-"`
	// Networks are those from which the most live clients registered before the
	// census began.
	Networks map[Network]uint64 `cbor:"-"`
	// Newest are the newest clients of applications, while the census is taken;
	// then [Records.NewestClients] knows them.
	Newest map[uuid.UUID][]NewestClient `cbor:"-"`
}

// ApplicationCount is what was counted of one application's clients.
type ApplicationCount struct {
	Live    uint64 `cbor:"1,keyasint,omitempty"`
	Stopped uint64 `cbor:"2,keyasint,omitempty"`
	// FirstRegistered is in Unix milliseconds.
	FirstRegistered int64 `cbor:"3,keyasint,omitempty"`
	LastUsed        Day   `cbor:"4,keyasint,omitempty"`
	// NewestPart is in which part its newest clients are named, from 1.
	NewestPart int `cbor:"5,keyasint,omitempty"`
	// Platforms are the live ones by platform, in no order.
	Platforms []PlatformCount `cbor:"6,keyasint,omitempty"`
}

// PlatformCount is how many of an application's live clients run on a platform.
type PlatformCount struct {
	_        struct{} `cbor:",toarray"`
	Platform PlatformName
	Live     uint64
}

// On counts a live client on a platform.
func (a *ApplicationCount) On(platform string) {
	for i := range a.Platforms {
		if p := &a.Platforms[i]; string(p.Platform) == platform {
			p.Live++
			return
		}
	}
	a.Platforms = append(a.Platforms, PlatformCount{Platform: PlatformName(platform), Live: 1})
}

type censusPartRecord struct {
	Applications []applicationCount `cbor:"1,keyasint,omitempty"`
	Statements   []statementCount   `cbor:"2,keyasint,omitempty"`
	Networks     []networkCount     `cbor:"3,keyasint,omitempty"`
}

func (p *censusPartRecord) counts() int {
	return len(p.Applications) + len(p.Statements) + len(p.Networks)
}

type applicationCount struct {
	ID    uuid.UUID        `cbor:"1,keyasint"`
	Count ApplicationCount `cbor:"2,keyasint"`
}

type statementCount struct {
	ID   uuid.UUID `cbor:"1,keyasint"`
	Live uint64    `cbor:"2,keyasint"`
}

type networkCount struct {
	Network Network `cbor:"1,keyasint"`
	Live    uint64  `cbor:"2,keyasint"`
}

func (c Census) partKey(i int) string {
	return censusKey + "/" + strconv.FormatInt(c.BeganAt, 36) + "/" + strconv.Itoa(i)
}

// PutCensus stores a census for as long as ttl says, in place of the one
// before, which is the zero Census where there was none.
func (r Records) PutCensus(ctx context.Context, c, before Census, ttl time.Duration) error {
	if err := r.putNewest(ctx, &c, ttl); err != nil {
		return fmt.Errorf("storing the newest clients: %w", err)
	}
	parts := c.split()
	for i, part := range parts {
		if err := r.putCounted(ctx, c.partKey(i), kindCensusPart, part, ttl); err != nil {
			return fmt.Errorf("storing a part of the census: %w", err)
		}
	}
	c.Parts = len(parts)
	if err := r.putCounted(ctx, censusKey, kindCensus, c, ttl); err != nil {
		return fmt.Errorf("storing the census: %w", err)
	}
	for i := range before.Parts {
		// One that stays behind expires by itself.
		_ = r.Store.Put(ctx, plugins.Write{Key: before.partKey(i)})
	}
	for i := range before.NewestParts {
		_ = r.Store.Put(ctx, plugins.Write{Key: before.newestKey(i + 1)})
	}
	return nil
}

func (r Records) putCounted(ctx context.Context, key string, k kind, record any, ttl time.Duration) error {
	value, err := encode(k, record)
	if err != nil {
		return err
	}
	return r.Store.Put(ctx, plugins.Write{Key: key, Value: value, TTL: ttl})
}

func (c Census) split() []censusPartRecord {
	var parts []censusPartRecord
	room := func() *censusPartRecord {
		if n := len(parts); n > 0 && parts[n-1].counts() < censusPart {
			return &parts[n-1]
		}
		parts = append(parts, censusPartRecord{})
		return &parts[len(parts)-1]
	}
	for id, count := range c.Applications {
		part := room()
		part.Applications = append(part.Applications, applicationCount{id, count})
	}
	for id, live := range c.Statements {
		part := room()
		part.Statements = append(part.Statements, statementCount{id, live})
	}
	for network, live := range c.Networks {
		part := room()
		part.Networks = append(part.Networks, networkCount{network, live})
	}
	return parts
}

// CensusSummary reads the last census without the counts of applications,
// statements and networks. It returns [ErrNotFound] when there is none, or none any more.
func (r Records) CensusSummary(ctx context.Context) (Census, error) {
	var c Census
	value, err := getOne(ctx, r.Store, censusKey)
	if err == nil {
		err = decode(kindCensus, value, &c)
	}
	if err != nil {
		return Census{}, fmt.Errorf("the census: %w", err)
	}
	return c, nil
}

// CensusCounts adds the counts of applications, statements and networks to a
// summary. It returns [ErrNotFound] when another census has taken its place
// meanwhile.
func (r Records) CensusCounts(ctx context.Context, c Census) (Census, error) {
	c.Applications, c.Statements, c.Networks = map[uuid.UUID]ApplicationCount{}, map[uuid.UUID]uint64{}, map[Network]uint64{}
	for i := range c.Parts {
		value, err := getOne(ctx, r.Store, c.partKey(i))
		if err != nil {
			return Census{}, fmt.Errorf("a part of the census: %w", err)
		}
		var part censusPartRecord
		if err := decode(kindCensusPart, value, &part); err != nil {
			return Census{}, fmt.Errorf("a part of the census: %w", err)
		}
		for _, a := range part.Applications {
			c.Applications[a.ID] = a.Count
		}
		for _, s := range part.Statements {
			c.Statements[s.ID] = s.Live
		}
		for _, n := range part.Networks {
			c.Networks[n.Network] = n.Live
		}
	}
	return c, nil
}

// Total counts the clients that nothing stops.
func (c Census) Total() uint64 {
	var total uint64
	for _, live := range c.Live {
		total += live
	}
	return total
}

// WalkClients is [Records.Clients] for whoever goes through all of them: a
// record that cannot be read is counted, and hides no other.
func (r Records) WalkClients(ctx context.Context, cursor string, limit int) (clients []Client, unreadable uint64, next string, err error) {
	page, err := r.Store.List(ctx, clientPrefix, cursor, limit)
	if err != nil {
		return nil, 0, "", fmt.Errorf("going through the clients: %w", err)
	}
	clients = make([]Client, 0, len(page.Items))
	for _, item := range page.Items {
		if c, err := decodeClient(item.Key, item.Value); err == nil {
			clients = append(clients, c)
		} else {
			unreadable++
		}
	}
	return clients, unreadable, page.Cursor, nil
}
