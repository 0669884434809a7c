-- A journal of version 1 as a killed run left it: a row of every state, an open intent of each kind.
-- The tables are those of version 1, word for word; the test puts in tokens that its destination knows.
PRAGMA user_version=1;
CREATE TABLE account(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, origin TEXT NOT NULL, owner TEXT NOT NULL, label TEXT,
  UNIQUE(kind, origin, owner)) STRICT;
CREATE TABLE job(id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES account, target INTEGER NOT NULL REFERENCES account,
  options TEXT NOT NULL, options_hash BLOB NOT NULL, pass INTEGER NOT NULL DEFAULT 1, bound_at INTEGER, created_at INTEGER NOT NULL,
  unreadable INTEGER NOT NULL DEFAULT 0, unlisted INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK(state IN('listing','running','waiting','finished')), wake_at INTEGER, UNIQUE(source, target, options_hash)) STRICT;
CREATE TABLE cursor(job INTEGER NOT NULL REFERENCES job, stream TEXT NOT NULL, resume TEXT NOT NULL, fast TEXT, fast_until INTEGER,
  done INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(job, stream)) STRICT, WITHOUT ROWID;
CREATE TABLE asset(id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, source_id TEXT NOT NULL, revision TEXT NOT NULL, kind TEXT NOT NULL,
  metadata TEXT NOT NULL, locator TEXT NOT NULL, read_before INTEGER, pass INTEGER NOT NULL, UNIQUE(job, source_id)) STRICT;
CREATE TABLE upload(id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES account, job INTEGER NOT NULL REFERENCES job,
  bundle INTEGER REFERENCES asset, key BLOB NOT NULL, size INTEGER, md5 BLOB, sha1 BLOB, sha256 BLOB, spool TEXT, state TEXT NOT NULL CHECK(state IN
   ('wanted','spooled','staging','staged','committing','committed','verified','unverifiable','already_there','failed')),
  first_album INTEGER REFERENCES album, place INTEGER, token TEXT, token_until INTEGER, token_session TEXT, staged_at INTEGER,
  sent INTEGER NOT NULL DEFAULT 0, dest_id TEXT, app_owned INTEGER, commits INTEGER NOT NULL DEFAULT 0, described INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, next_try INTEGER, error_kind TEXT, error TEXT) STRICT;
CREATE UNIQUE INDEX upload_content ON upload(target, sha1, size) WHERE sha1 IS NOT NULL AND state <> 'failed';
CREATE INDEX upload_md5 ON upload(target, md5, size) WHERE md5 IS NOT NULL;
CREATE INDEX upload_queue ON upload(job, state, next_try);
CREATE INDEX upload_group ON upload(job, state, first_album, place);
CREATE INDEX upload_bundle ON upload(bundle) WHERE bundle IS NOT NULL;
CREATE INDEX upload_dest ON upload(target, dest_id) WHERE dest_id IS NOT NULL;
CREATE TABLE part(id INTEGER PRIMARY KEY, asset INTEGER NOT NULL REFERENCES asset, source_id TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL,
  media_type TEXT, size INTEGER, md5 BLOB, sha1 BLOB, sha256 BLOB, upload INTEGER REFERENCES upload, skipped TEXT, UNIQUE(asset, source_id, role),
  CHECK(upload IS NULL OR skipped IS NULL)) STRICT;
CREATE INDEX part_upload ON part(upload);
CREATE TABLE album(id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, source_id TEXT NOT NULL, slice INTEGER NOT NULL DEFAULT 0, title TEXT NOT NULL,
  description TEXT, state TEXT NOT NULL CHECK(state IN('wanted','creating','open','failed')), dest_id TEXT, listed INTEGER NOT NULL DEFAULT 0, error TEXT,
  UNIQUE(job, source_id, slice)) STRICT;
CREATE INDEX album_state ON album(job, state);
CREATE INDEX album_unlisted ON album(job) WHERE slice = 0 AND listed = 0;
CREATE TABLE member(album INTEGER NOT NULL REFERENCES album, asset INTEGER NOT NULL REFERENCES asset, position INTEGER,
  PRIMARY KEY(album, asset)) STRICT, WITHOUT ROWID;
CREATE INDEX member_asset ON member(asset);
CREATE TABLE filing(album INTEGER NOT NULL REFERENCES album, upload INTEGER NOT NULL REFERENCES upload, position INTEGER,
  state TEXT NOT NULL CHECK(state IN('wanted','adding','filed','unfiled')), ready INTEGER NOT NULL DEFAULT 0, reason TEXT,
  PRIMARY KEY(album, upload)) STRICT, WITHOUT ROWID;
CREATE INDEX filing_upload ON filing(upload);
CREATE INDEX filing_open ON filing(album) WHERE state = 'wanted';
CREATE INDEX filing_ready ON filing(album, position) WHERE state = 'wanted' AND ready = 1;
CREATE INDEX filing_adding ON filing(album) WHERE state = 'adding';
CREATE TABLE intent(id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES job, kind TEXT NOT NULL CHECK(kind IN
   ('stage','commit','create_album','add_to_album')), album INTEGER REFERENCES album, detail TEXT NOT NULL,
  opened_at INTEGER NOT NULL, closed_at INTEGER, outcome TEXT) STRICT;
CREATE INDEX intent_open ON intent(job) WHERE closed_at IS NULL;
CREATE TABLE intent_item(intent INTEGER NOT NULL REFERENCES intent, position INTEGER NOT NULL, upload INTEGER REFERENCES upload, token TEXT,
  PRIMARY KEY(intent, position)) STRICT, WITHOUT ROWID;
CREATE INDEX intent_item_upload ON intent_item(upload);
CREATE TABLE evidence(upload INTEGER NOT NULL REFERENCES upload, level TEXT NOT NULL, result TEXT NOT NULL, at INTEGER NOT NULL, detail TEXT,
  PRIMARY KEY(upload, level)) STRICT, WITHOUT ROWID;
CREATE TABLE ledger(account TEXT NOT NULL, resource TEXT NOT NULL, day TEXT NOT NULL, used INTEGER NOT NULL, refused_at INTEGER,
  PRIMARY KEY(account, resource, day)) STRICT, WITHOUT ROWID;
CREATE TABLE account_fact(account TEXT NOT NULL, fact TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(account, fact)) STRICT, WITHOUT ROWID;
CREATE TABLE setting_change(id INTEGER PRIMARY KEY, target INTEGER NOT NULL REFERENCES account, job INTEGER NOT NULL REFERENCES job,
  setting TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, restored_at INTEGER) STRICT;
CREATE VIEW accounting AS SELECT a.job, CASE WHEN p.skipped IS NOT NULL THEN 'skipped'
  WHEN u.job <> a.job AND u.state IN ('verified','unverifiable') THEN 'already_there'
  ELSE coalesce(u.state,'found') END AS outcome, count(*) AS n, sum(p.size) AS bytes
  FROM part p JOIN asset a ON a.id=p.asset LEFT JOIN upload u ON u.id=p.upload GROUP BY 1,2;

INSERT INTO account VALUES(1,'memory','','source','source');
INSERT INTO account VALUES(2,'memory','','target','target');
INSERT INTO job VALUES(1,1,2,'{}',X'44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',1,1772359200000,1772359200000,0,0,'running',NULL);
INSERT INTO cursor VALUES(1,'albums','null',NULL,NULL,1);
INSERT INTO cursor VALUES(1,'assets','null',NULL,NULL,1);
INSERT INTO cursor VALUES(1,'note/short','0',NULL,NULL,1);
INSERT INTO cursor VALUES(1,'note/total','13',NULL,NULL,1);
INSERT INTO cursor VALUES(1,'planned','null',NULL,NULL,1);
INSERT INTO asset VALUES(1,1,'i0','1','photo','{}','{"item":"i0"}',NULL,1);
INSERT INTO asset VALUES(2,1,'i1','1','photo','{}','{"item":"i1"}',NULL,1);
INSERT INTO asset VALUES(3,1,'i2','1','photo','{}','{"item":"i2"}',NULL,1);
INSERT INTO asset VALUES(4,1,'i3','1','photo','{}','{"item":"i3"}',NULL,1);
INSERT INTO asset VALUES(5,1,'i4','1','photo','{}','{"item":"i4"}',NULL,1);
INSERT INTO asset VALUES(6,1,'i5','1','photo','{}','{"item":"i5"}',NULL,1);
INSERT INTO asset VALUES(7,1,'i6','1','photo','{}','{"item":"i6"}',NULL,1);
INSERT INTO asset VALUES(8,1,'i7','1','photo','{}','{"item":"i7"}',NULL,1);
INSERT INTO asset VALUES(9,1,'i8','1','photo','{}','{"item":"i8"}',NULL,1);
INSERT INTO asset VALUES(10,1,'i9','1','photo','{}','{"item":"i9"}',NULL,1);
INSERT INTO asset VALUES(11,1,'i10','1','photo','{}','{"item":"i10"}',NULL,1);
INSERT INTO asset VALUES(12,1,'i11','1','photo','{}','{"item":"i11"}',NULL,1);
INSERT INTO asset VALUES(13,1,'gone','1','photo','{}','{"item":"gone"}',NULL,1);
INSERT INTO album VALUES(1,1,'a',0,'Album a',NULL,'open','A',1,NULL);
INSERT INTO album VALUES(2,1,'b',0,'Album b',NULL,'open','B',1,NULL);
INSERT INTO album VALUES(3,1,'c',0,'Album c',NULL,'creating',NULL,1,NULL);
INSERT INTO album VALUES(4,1,'d',0,'Album d',NULL,'failed',NULL,1,'the album could not be created: refused');
INSERT INTO upload VALUES(1,2,1,NULL,X'6c03e1a47641192237492db6599526ce',18,X'917df13ad3efd6b354f411b1c7fd28cd',X'39a4dcd2b0648b5d625243122e38e44e6c331ccc',NULL,NULL,'verified',1,0,NULL,NULL,NULL,1772359200000,18,'d0',1,1,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(2,2,1,NULL,X'34585bbd1cbcc1c43c92ec9d3cca0d3a',18,X'fb940e9faaaf348c9a1260ba0776b41b',X'0d5005024f30b527467c2ce4b422f5520ddb7849',NULL,NULL,'unverifiable',NULL,NULL,NULL,NULL,NULL,1772359200000,18,'d1',1,1,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(3,2,1,NULL,X'0079b7152a784a4b0e7bc390dd8c1889',18,X'98e4f638291003fa5e3ee93e6cc08319',X'36b29f240f0072bb3239787a358d1c603d474dbd',NULL,NULL,'already_there',NULL,NULL,NULL,NULL,NULL,NULL,0,'d2',NULL,0,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(4,2,1,NULL,X'17db55f1edf5820da8103823854a937f',18,X'9ab98b143d08ff02e8b2a43348b6cb89',X'9579dee8f923201b9ea7cfc93412afac84c6a0c7',NULL,NULL,'failed',1,3,NULL,NULL,NULL,NULL,0,NULL,NULL,0,0,0,NULL,'rejected_media_type','stage: not a picture');
INSERT INTO upload VALUES(5,2,1,NULL,X'd4c598a3993788f8bccb92e440511867',18,X'1a4677f977ee12e0ba0cabb686784530',NULL,NULL,NULL,'wanted',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,0,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(6,2,1,NULL,X'3c68540521fed61458227799037bfbb2',18,X'2eea055f1a0f33e10cbcdc633e557561',X'd66650a6313a19b5ccde3db6004a49ebda34bf88',NULL,'6.part','spooled',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,0,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(7,2,1,NULL,X'63ce9b993aa5b2b4289e4834d37827b9',18,X'84b43098efd35b42cdef94133b5f72a6',X'5f9fcedd078ea5d0a307ea38e6c1ff03112c0441',NULL,NULL,'staging',NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,0,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(8,2,1,NULL,X'a21ccbf6feaa3c196aac5936cd61da25',18,X'a8eead9d8ecac76ca19a6f21630138f4',X'fcbf4638df6bc6c8bdfffd22be6cecaf50a26cfd',NULL,NULL,'staged',NULL,NULL,'token of i7',1772442000000,NULL,1772359200000,18,NULL,NULL,0,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(9,2,1,NULL,X'2efff3e98df450e58715a6de81193a8f',18,X'032d9a3069ae20904db2271b1f63d990',X'3fb0beb9e302274feee51375546a170c98a2e5ab',NULL,NULL,'committing',1,1,'token of i8',1772442000000,NULL,1772359200000,18,NULL,NULL,1,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(10,2,1,NULL,X'c25b791e816a67128b0b2438fdc96127',18,X'f837dfe6138cd09bf618a02212fe1742',X'c275fe76e7f80dc9f3163e0dd36793d55530123c',NULL,NULL,'committing',1,2,'token of i9',1772442000000,NULL,1772359200000,18,NULL,NULL,1,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(11,2,1,NULL,X'01fbe4ebc06edd351679106cf5909985',19,X'675a8902d58ef9949533db8a03dcc7df',X'b5c9b43c7d547c7ae4af263cdf7a9ab8cb1a7c29',NULL,NULL,'committed',NULL,NULL,NULL,NULL,NULL,1772359200000,19,'d10',1,1,0,0,NULL,NULL,NULL);
INSERT INTO upload VALUES(12,2,1,NULL,X'97a6e98375db9d89fac6ddf708690e99',19,X'4e26e2da0e3fae660415f525cbafbbf1',X'bfd7f7762068df1e92f8dc02afdb6ad7a7af459d',NULL,NULL,'staged',3,0,'token of i11',1772442000000,NULL,1772359200000,19,NULL,NULL,0,0,0,NULL,NULL,NULL);
INSERT INTO part VALUES(1,1,'0','primary','0.jpg','image/jpeg',18,X'917df13ad3efd6b354f411b1c7fd28cd',X'39a4dcd2b0648b5d625243122e38e44e6c331ccc',NULL,1,NULL);
INSERT INTO part VALUES(2,2,'0','primary','1.jpg','image/jpeg',18,X'fb940e9faaaf348c9a1260ba0776b41b',X'0d5005024f30b527467c2ce4b422f5520ddb7849',NULL,2,NULL);
INSERT INTO part VALUES(3,3,'0','primary','2.jpg','image/jpeg',18,X'98e4f638291003fa5e3ee93e6cc08319',X'36b29f240f0072bb3239787a358d1c603d474dbd',NULL,3,NULL);
INSERT INTO part VALUES(4,4,'0','primary','3.jpg','image/jpeg',18,X'9ab98b143d08ff02e8b2a43348b6cb89',X'9579dee8f923201b9ea7cfc93412afac84c6a0c7',NULL,4,NULL);
INSERT INTO part VALUES(5,5,'0','primary','4.jpg','image/jpeg',18,X'1a4677f977ee12e0ba0cabb686784530',X'592c882123b97a806e47dd08ce9f6cc0acc87b83',NULL,5,NULL);
INSERT INTO part VALUES(6,6,'0','primary','5.jpg','image/jpeg',18,X'2eea055f1a0f33e10cbcdc633e557561',X'd66650a6313a19b5ccde3db6004a49ebda34bf88',NULL,6,NULL);
INSERT INTO part VALUES(7,7,'0','primary','6.jpg','image/jpeg',18,X'84b43098efd35b42cdef94133b5f72a6',X'5f9fcedd078ea5d0a307ea38e6c1ff03112c0441',NULL,7,NULL);
INSERT INTO part VALUES(8,8,'0','primary','7.jpg','image/jpeg',18,X'a8eead9d8ecac76ca19a6f21630138f4',X'fcbf4638df6bc6c8bdfffd22be6cecaf50a26cfd',NULL,8,NULL);
INSERT INTO part VALUES(9,9,'0','primary','8.jpg','image/jpeg',18,X'032d9a3069ae20904db2271b1f63d990',X'3fb0beb9e302274feee51375546a170c98a2e5ab',NULL,9,NULL);
INSERT INTO part VALUES(10,10,'0','primary','9.jpg','image/jpeg',18,X'f837dfe6138cd09bf618a02212fe1742',X'c275fe76e7f80dc9f3163e0dd36793d55530123c',NULL,10,NULL);
INSERT INTO part VALUES(11,11,'0','primary','10.jpg','image/jpeg',19,X'675a8902d58ef9949533db8a03dcc7df',X'b5c9b43c7d547c7ae4af263cdf7a9ab8cb1a7c29',NULL,11,NULL);
INSERT INTO part VALUES(12,12,'0','primary','11.jpg','image/jpeg',19,X'4e26e2da0e3fae660415f525cbafbbf1',X'bfd7f7762068df1e92f8dc02afdb6ad7a7af459d',NULL,12,NULL);
INSERT INTO part VALUES(13,13,'0','primary','gone.jpg','image/jpeg',4,NULL,NULL,NULL,NULL,'the source does not have it any more');
INSERT INTO member VALUES(1,1,0);
INSERT INTO member VALUES(1,9,1);
INSERT INTO member VALUES(1,10,2);
INSERT INTO member VALUES(1,4,3);
INSERT INTO member VALUES(2,1,0);
INSERT INTO member VALUES(2,11,1);
INSERT INTO member VALUES(3,12,0);
INSERT INTO filing VALUES(1,1,0,'filed',0,NULL);
INSERT INTO filing VALUES(1,9,1,'adding',0,NULL);
INSERT INTO filing VALUES(1,10,2,'adding',0,NULL);
INSERT INTO filing VALUES(1,4,3,'unfiled',0,'the item could not be moved');
INSERT INTO filing VALUES(2,1,0,'wanted',1,NULL);
INSERT INTO filing VALUES(2,11,1,'adding',1,NULL);
INSERT INTO filing VALUES(3,12,0,'wanted',0,NULL);
INSERT INTO intent VALUES(1,1,'stage',NULL,'{}',1772359200000,1772359200000,'staged');
INSERT INTO intent_item VALUES(1,0,1,NULL);
INSERT INTO intent VALUES(2,1,'stage',NULL,'{}',1772359200000,1772359200000,'staged');
INSERT INTO intent_item VALUES(2,0,2,NULL);
INSERT INTO intent VALUES(3,1,'stage',NULL,'{}',1772359200000,1772359200000,'staged');
INSERT INTO intent_item VALUES(3,0,8,NULL);
INSERT INTO intent VALUES(4,1,'stage',NULL,'{}',1772359200000,1772359200000,'staged');
INSERT INTO intent_item VALUES(4,0,9,NULL);
INSERT INTO intent VALUES(5,1,'stage',NULL,'{}',1772359200000,1772359200000,'staged');
INSERT INTO intent_item VALUES(5,0,10,NULL);
INSERT INTO intent VALUES(6,1,'stage',NULL,'{}',1772359200000,1772359200000,'staged');
INSERT INTO intent_item VALUES(6,0,11,NULL);
INSERT INTO intent VALUES(7,1,'stage',NULL,'{}',1772359200000,1772359200000,'staged');
INSERT INTO intent_item VALUES(7,0,12,NULL);
INSERT INTO intent VALUES(8,1,'create_album',1,'{"title":"Album a"}',1772359200000,1772359200000,'created');
INSERT INTO intent VALUES(9,1,'create_album',2,'{"title":"Album b"}',1772359200000,1772359200000,'created');
INSERT INTO intent VALUES(10,1,'commit',1,'{"dest_album":"A"}',1772359200000,1772359200000,'answered');
INSERT INTO intent_item VALUES(10,0,1,NULL);
INSERT INTO intent VALUES(11,1,'commit',NULL,'{}',1772359200000,1772359200000,'answered');
INSERT INTO intent_item VALUES(11,0,2,NULL);
INSERT INTO intent_item VALUES(11,1,11,NULL);
INSERT INTO intent VALUES(12,1,'create_album',4,'{"title":"Album d"}',1772359200000,1772359200000,'failed');
INSERT INTO intent VALUES(13,1,'stage',NULL,'{}',1772359200000,NULL,NULL);
INSERT INTO intent_item VALUES(13,0,7,NULL);
INSERT INTO intent VALUES(14,1,'commit',1,'{"dest_album":"A"}',1772359200000,NULL,NULL);
INSERT INTO intent_item VALUES(14,0,9,'token of i8');
INSERT INTO intent_item VALUES(14,1,10,'token of i9');
INSERT INTO intent VALUES(15,1,'add_to_album',2,'{"dest_album":"B"}',1772359200000,NULL,NULL);
INSERT INTO intent_item VALUES(15,0,11,NULL);
INSERT INTO intent VALUES(16,1,'create_album',3,'{"title":"Album c"}',1772359200000,NULL,NULL);
INSERT INTO evidence VALUES(1,'checksum','verified',1772359200000,'SHA-1 equal');
INSERT INTO evidence VALUES(2,'checksum','unverifiable',1772359200000,'it exists, the service proves no more');
INSERT INTO ledger VALUES('project','requests','2026-03-01',17,NULL);
INSERT INTO account_fact VALUES('project','canary','refused',1772359200000);
INSERT INTO setting_change VALUES(1,2,1,'stacking','on','off',NULL);
