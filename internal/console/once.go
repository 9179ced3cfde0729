package console

import (
	"container/list"
	"sync"
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

// onceOnly does what a form asks for, unless the same form was sent before and
// it was done.
func (v *visit) onceOnly(do func(*visit) error) {
	key := v.value("key")
	if key == "" {
		v.fail(do(v))
		return
	}
	a := v.once.of(v.who.Method + "\x00" + v.who.Name + "\x00" + v.r.URL.Path + "\x00" + key)
	a.Lock()
	defer a.Unlock()
	if a.told != "" {
		_ = v.to(a.told, "")
		return
	}
	v.fail(do(v))
	a.told = v.told
}
