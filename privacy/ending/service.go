package ending

import "github.com/opsmatiq/erp/tenancy"

// Service is the room's one door. Its methods are safe for concurrent use.
type Service struct{ db *tenancy.DB }

// New makes the service on an opened database whose modules include [Module].
func New(db *tenancy.DB) *Service { return &Service{db: db} }

// Module is what ending brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module { return tenancy.Module{Name: "ending", Models: models} }

// models are all stored structs of this package.
var models []*tenancy.Model
