package audit

// SweepBy has a sweep look at n events at a time.
func (s *Service) SweepBy(n int) { s.slice = n }

// VerifyBy has Verify look at n events at a time.
func (s *Service) VerifyBy(n int) { s.chunk = n }
