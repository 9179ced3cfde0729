package state

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// ownName is what the others know this gateway by.
func (n *Nodes) ownName() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.Name + n.suffix
}

// report writes this gateway's place, and joins the list where it is not, or no
// longer, in it: another gateway may have taken a silent one off, or the store
// may have lost the list. The place goes first, since whoever joins at the same
// moment takes off the list who has none.
func (n *Nodes) report(ctx context.Context) error {
	n.reporting.Lock()
	defer n.reporting.Unlock()
	if err := n.writePlace(ctx); err != nil {
		return err
	}
	names, _, err := n.list(ctx)
	if err != nil || slices.Contains(names, n.ownName()) {
		return err
	}
	return n.changeList(ctx, n.joinList)
}

// writePlace replaces what this gateway has written last. The record that it
// finds at first, of whoever had the name before, it takes over.
func (n *Nodes) writePlace(ctx context.Context) error {
	for {
		p := n.Replica.Position()
		name := n.ownName()
		value, err := encode(kindNode, nodeRecord{Name: name, Feed: p.Feed, Seq: p.Seq, AppliedAt: n.Replica.Now().UnixMilli(), Instance: n.Instance})
		if err != nil {
			return err
		}
		w := plugins.Write{Key: nodePrefix + name, Value: value, TTL: n.ttl()}
		if n.written != nil {
			w.If, w.Old = plugins.IfEqual, n.written
		}
		err = n.Replica.Store.Put(ctx, w)
		if err == nil {
			n.written = value
		}
		if !errors.Is(err, plugins.ErrConflict) {
			return err
		}
		if err := n.lookWhoWrote(ctx, name); err != nil {
			return err
		}
	}
}

// lookWhoWrote finds out why the record is not the one written last. It may have
// expired, be what this process wrote without hearing so, or be an old one of a
// store that was put back. Else somebody has the name, too, and would be taken
// for this gateway: it gets another one.
func (n *Nodes) lookWhoWrote(ctx context.Context, name string) error {
	records, err := n.read(ctx, []string{name})
	if err != nil {
		return err
	}
	n.written = nil
	if len(records) == 0 || records[0].Instance == n.Instance || records[0].AppliedAt < n.Replica.Now().Add(-silent).UnixMilli() {
		return nil
	}
	n.mu.Lock()
	n.suffix = "-" + strings.ToLower(rand.Text()[:6])
	n.mu.Unlock()
	n.Logger.Error("another gateway over this store has the same node_name; give each its own", "node_name", n.Name, "reports_as", n.ownName())
	return nil
}

// leave takes this gateway off, so that nobody waits for it.
func (n *Nodes) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveLimit)
	defer cancel()
	n.reporting.Lock()
	defer n.reporting.Unlock()
	name := n.ownName()
	w := plugins.Write{Key: nodePrefix + name, If: plugins.IfEqual, Old: n.written}
	if n.written == nil || n.Replica.Store.Put(ctx, w) != nil {
		return // Whoever has taken the name over stays; what is left expires by itself.
	}
	_ = n.changeList(ctx, func(_ context.Context, names []string) ([]string, error) {
		return slices.DeleteFunc(names, func(other string) bool { return other == name }), nil
	})
}
