package console

import (
	"container/list"
	"crypto/sha256"
	"strings"
	"sync"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// remembered is how many forms are remembered. Two clicks on one button are
// seconds apart, so that few would do.
const remembered = 4096

// once makes two clicks on one button one act: the second waits for the first,
// and is sent where that was. Beyond this gateway, the key of the form does
// the same for what is created.
type once struct {
	mu    sync.Mutex
	acts  map[string]*list.Element
	order list.List
}

// act is what came of one form that was sent.
type act struct {
	sync.Mutex
	key, told string
	// nodes are the gateways that have applied it, and those that have not.
	nodes []state.NodeState
}

func (o *once) of(key string) *act {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.acts == nil {
		o.acts = map[string]*list.Element{}
	}
	if known, ok := o.acts[key]; ok {
		return known.Value.(*act)
	}
	a := &act{key: key}
	o.acts[key] = o.order.PushBack(a)
	if o.order.Len() > remembered {
		oldest := o.order.Front()
		delete(o.acts, o.order.Remove(oldest).(*act).key)
	}
	return a
}

// find looks for what came of a form, which may be forgotten by now.
func (o *once) find(key string) *act {
	o.mu.Lock()
	defer o.mu.Unlock()
	if known, ok := o.acts[key]; ok {
		return known.Value.(*act)
	}
	return nil
}

// formKey is how a form of the visitor's is remembered: by a hash, since what
// a browser sends can be long, and is kept before it is looked at.
func (v *visit) formKey(path, key string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{v.who.Method, v.who.Name, path, key}, "\x00")))
	return string(sum[:])
}

// nodesOf are the gateways of which the kill switch of that form tells.
func (v *visit) nodesOf(key string) []state.NodeState {
	if key == "" {
		return nil
	}
	a := v.once.find(v.formKey(pathOfKillForm, key))
	if a == nil {
		return nil
	}
	a.Lock()
	defer a.Unlock()
	return a.nodes
}

// onceOnly does what a form asks for, unless the same form was sent before and
// it was done.
func (v *visit) onceOnly(do func(*visit) error) {
	key := v.key()
	if key == "" {
		v.fail(do(v))
		return
	}
	a := v.once.of(v.formKey(v.r.URL.Path, key))
	a.Lock()
	defer a.Unlock()
	if a.told != "" {
		_ = v.to(a.told, "")
		return
	}
	v.fail(do(v))
	a.told, a.nodes = v.told, v.nodes
}
