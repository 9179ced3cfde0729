package boltstore

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func init() { caddy.RegisterModule(Module{}) }

// fileName is the file inside a directory that the operator names.
const fileName = "dcr.db"

// Module keeps the gateway's state in one file of this machine. It suits a
// gateway that is one process: the file cannot be shared.
type Module struct {
	// Path is where the state lives: a file if it ends in `.db`, else a
	// directory, in which the file `dcr.db` is made. Missing directories are
	// created with mode 0700. Placeholders such as `{env.DCR_STATE}` are
	// replaced. Default: `dcr/dcr.db` in Caddy's data directory.
	Path string `json:"path,omitempty"`

	file string
}

// CaddyModule returns the module's registration.
func (Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "dcr.stores.bolt", New: func() caddy.Module { return new(Module) }}
}

// Provision finds out which file is meant; it touches no disk.
func (m *Module) Provision(caddy.Context) error {
	if m.Path == "" {
		m.file = filepath.Join(caddy.AppDataDir(), "dcr", fileName)
		return nil
	}
	path, err := caddy.NewReplacer().ReplaceOrErr(m.Path, true, true)
	if err != nil {
		return fmt.Errorf("bolt store: path: %w", err)
	}
	if path == "" {
		return errors.New("bolt store: path: empty once its placeholders are replaced")
	}
	if !strings.HasSuffix(path, ".db") {
		path = filepath.Join(path, fileName)
	}
	if m.file, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("bolt store: path: %w", err)
	}
	return nil
}

// StoreKey is the file.
func (m *Module) StoreKey() string { return "bolt:" + m.file }

// OpenStore opens the file.
func (m *Module) OpenStore() (plugins.Store, error) {
	s, err := Open(m.file)
	if err != nil {
		return nil, err
	}
	return s, nil
}

var (
	_ plugins.StoreModule   = (*Module)(nil)
	_ caddy.Provisioner     = (*Module)(nil)
	_ caddyfile.Unmarshaler = (*Module)(nil)
)
