package boltstore

import (
	"context"
	"fmt"
	"os"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// Diagnose tells whether others on the machine can read the file, which holds
// signing keys.
func (s *Store) Diagnose(ctx context.Context) ([]string, error) {
	findings, err := s.Examine(ctx)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, f := range findings {
		if f.Do != "" {
			texts = append(texts, f.Says+": "+f.Do)
		}
	}
	return texts, nil
}

// Examine says where the file is, and who can read it.
func (s *Store) Examine(ctx context.Context) ([]plugins.Finding, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return nil, failed("diagnose", err)
	}
	rights := plugins.Finding{Aspect: plugins.StoreRights, Says: "nobody else can read " + s.path}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		rights.Says = fmt.Sprintf("%s has mode %04o and can be read by others", s.path, mode)
		rights.Do = "run chmod 600 " + s.path
	}
	return []plugins.Finding{rights, {Aspect: plugins.StorePersistence, Says: "every write is on disk before it counts"}}, nil
}
