"""One short, correct file in each language, for tests."""

from __future__ import annotations

JAVASCRIPT = """\
import { api } from './api';
import fs from "fs";

/* A store {
   of things */
export class Store extends Base {
  size = 0;

  constructor(api) {
    super(`a ${api} {`);
    this.api = api; // }
  }

  static async load(path, {
    retries = 3,
  }) {
    for (const x of path) {
      if (/[({]/.test(x)) {
        console.log(x);
      }
    }
    return fs.read(path);
  }
}

const add = (a, b) => {
  return a + b;
};

export default function main() {
  add(1, 2);
}
"""

TYPESCRIPT = """\
import { Api } from './api';

export interface Shape {
  area(): number;
  name: string;
}

@Injectable()
export class Box<T extends Shape> implements Shape {
  private items: Map<string, T> = new Map();

  constructor(private readonly api: Api) {}

  area(): number {
    return this.items.size;
  }
}

namespace Tools {
  export const one: number = 1;
}

export type Pair = [Box<Shape>, string];
"""

JSX = """\
import React from 'react';

export function Button({ label, onClick }) {
  return (
    <button className="b" onClick={() => onClick(label)}>
      {label}
    </button>
  );
}
"""

GO = """\
package store

import (
\t"fmt"
\t"os"
)

type Store struct {
\tsize int
}

func (s *Store) Load(path string) (int, error) {
\tfor i := 0; i < s.size; i++ {
\t\tfmt.Println(i, `{`, '{')
\t}
\treturn s.size, nil
}

const limit = 3
"""

RUST = """\
use std::fmt;
use std::collections::HashMap;

/// A store {
#[derive(Debug)]
pub struct Store<'a> {
    size: usize,
    name: &'a str,
}

impl<'a> Store<'a> {
    pub fn load(&self, path: &str) -> Result<usize, String>
    where
        'a: 'static,
    {
        let text = r#"{"a": 1"#;
        if text == "{" || path.starts_with('{') {
            return Err(format!("{}", path));
        }
        Ok(self.size)
    }
}

mod inner {
    pub const LIMIT: usize = 3;
}
"""

JAVA = """\
package store;

import java.util.List;
import java.util.Map;

/** A store {. */
@Deprecated
public class Store extends Base implements Shape {
    private int size = 0;

    public Store(int size) {
        this.size = size;
    }

    @Override
    public <T> List<T> load(String path, Map<String, T> items) throws Error {
        for (int i = 0; i < size; i++) {
            System.out.println("{" + '{' + i);
        }
        return null;
    }
}
"""

C = """\
#ifndef STORE_H
#define STORE_H
#include <stdio.h>
#include "api.h"

#define OPEN(x) if (x) {

struct store {
    int size;
};

static int load(struct store *s,
                const char *path)
{
    for (int i = 0; i < s->size; i++) {
        printf("%d {", i);
    }
    return s->size;
}

int limit = 3;
#endif
"""

CPP = """\
#include <vector>
using namespace std;

namespace store {

template <typename T>
class Store : public Base {
 public:
  explicit Store(int size) : size_(size) {}

  int load(const T& path) const {
    auto raw = R"x({)x";
    for (auto i : items_) {
      print(i, 1'000, '{');
    }
    return size_;
  }

 private:
  vector<T> items_;
};

}  // namespace store

int limit = 3;
"""

SAMPLES = {
    "javascript": JAVASCRIPT,
    "javascriptreact": JSX,
    "typescript": TYPESCRIPT,
    "typescriptreact": JSX,
    "go": GO,
    "rust": RUST,
    "java": JAVA,
    "c": C,
    "cpp": CPP,
}
"""By LSP `languageId`."""
