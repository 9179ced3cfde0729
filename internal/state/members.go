package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	// nodesKey holds the list of gateways; each one's own state has its own
	// key, so that the gateways do not contend for one.
	nodesKey   = "nodes"
	nodePrefix = "node/"

	// announceLimit bounds what reading the state waits for the others to know.
	announceLimit = time.Second
	// leaveLimit bounds what a process that ends waits for the store.
	leaveLimit = time.Second
)

type nodesRecord struct {
	Names []string `cbor:"1,keyasint"`
}

// Announce tells the others that there is this gateway, before it decides by
// what it is about to read: whoever throws a switch later waits for it, and what
// was thrown earlier is in what it reads.
func (n *Nodes) Announce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, announceLimit)
	defer cancel()
	return n.report(ctx)
}

// ForgetNodes empties the list of gateways, for a process that has opened a store
// which no other can have open: who is on the list crashed.
func ForgetNodes(ctx context.Context, store plugins.Store) error {
	if err := store.Put(ctx, plugins.Write{Key: nodesKey}); err != nil {
		return fmt.Errorf("forget the gateways from before: %w", err)
	}
	return nil
}

// joinList adds this gateway, and drops those that no longer report, so that
// the list does not grow with every restart.
func (n *Nodes) joinList(ctx context.Context, names []string) ([]string, error) {
	alive, err := n.read(ctx, names)
	if err != nil {
		return nil, err
	}
	own := n.ownName()
	next := []string{own}
	for _, node := range alive {
		if node.Name != own {
			next = append(next, node.Name)
		}
	}
	return next, nil
}

func (n *Nodes) changeList(ctx context.Context, change func(context.Context, []string) ([]string, error)) error {
	for {
		names, raw, err := n.list(ctx)
		if err != nil {
			return err
		}
		next, err := change(ctx, names)
		if err != nil {
			return err
		}
		value, err := encode(kindNodes, nodesRecord{Names: next})
		if err != nil {
			return err
		}
		w := plugins.Write{Key: nodesKey, Value: value, If: plugins.IfEqual, Old: raw}
		if raw == nil {
			w.If = plugins.IfAbsent
		}
		if err := n.Replica.Store.Put(ctx, w); !errors.Is(err, plugins.ErrConflict) {
			return err
		}
	}
}

func (n *Nodes) list(ctx context.Context) (names []string, raw []byte, err error) {
	raw, err = getOne(ctx, n.Replica.Store, nodesKey)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	var record nodesRecord
	if err := decode(kindNodes, raw, &record); err != nil {
		return nil, nil, err
	}
	return record.Names, raw, nil
}

// read gets the records of the gateways that report.
func (n *Nodes) read(ctx context.Context, names []string) ([]nodeRecord, error) {
	if len(names) == 0 {
		return nil, nil
	}
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = nodePrefix + name
	}
	items, err := n.Replica.Store.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	var alive []nodeRecord
	for _, item := range items {
		if item.Value == nil {
			continue
		}
		var record nodeRecord
		if err := decode(kindNode, item.Value, &record); err != nil {
			return nil, err
		}
		alive = append(alive, record)
	}
	return alive, nil
}
