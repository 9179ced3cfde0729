package plugins

import "context"

// Aspect is one side of a store's set-up. The set is closed: operators name
// them.
type Aspect string

const (
	// StoreVersion is whether the server is of a version that does what is asked of it.
	StoreVersion Aspect = "version"
	// StorePersistence is whether a restart keeps what was stored.
	StorePersistence Aspect = "persistence"
	// StoreEviction is whether records can be dropped to make room.
	StoreEviction Aspect = "eviction"
	// StoreRights is whether the gateway may do all that it does, and nobody
	// else may read what it stores.
	StoreRights Aspect = "rights"
	// StoreMemory is whether there is room.
	StoreMemory Aspect = "memory"
	// StoreTransport is whether others can listen on the way.
	StoreTransport Aspect = "transport"
)

// Aspects lists the closed set.
var Aspects = []Aspect{StoreVersion, StorePersistence, StoreEviction, StoreRights, StoreMemory, StoreTransport}

// Finding is what a store says of one aspect of itself.
type Finding struct {
	Aspect Aspect
	// Says is one sentence without its full stop. It names no secret.
	Says string
	// Do says what to do about it; empty where all is well.
	Do string
}

// Examiner is offered by a store that can tell an operator how it is set up.
// What it does for that leaves nothing behind. An aspect that the store knows
// nothing about is left out; one can come up for each of several servers.
type Examiner interface {
	Examine(ctx context.Context) ([]Finding, error)
}
